from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samaritan.annotate.learn.order import by_uncertainty


def test_the_most_uncertain_comes_first_and_the_unknown_last() -> None:
    known = {"a": 0.1, "b": None, "c": 0.9, "d": 0.1}
    assert by_uncertainty(["a", "b", "c", "d", "e"], known) == ["c", "a", "d", "b", "e"]


@given(st.dictionaries(st.text(max_size=3), st.none() | st.floats(0, 1), max_size=8))
def test_no_case_is_lost(known: dict[str, float | None]) -> None:
    found = by_uncertainty(list(known), known)
    assert sorted(found) == sorted(known)
    values = [value for case in found if (value := known[case]) is not None]
    assert values == sorted(values, reverse=True)
