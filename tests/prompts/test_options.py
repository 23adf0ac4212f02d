from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samaritan.prompts._options import Span, choice, distance, either, real, show, whole


@pytest.mark.parametrize(
    ("text", "shown"), [("0.10", "0.1"), ("10px", "10px"), ("10.0-20px", "10-20px"), (".5", "0.5")]
)
def test_span_reads_and_shows(text: str, shown: str) -> None:
    assert str(Span.parse(text)) == shown


@pytest.mark.parametrize("text", ["", "px", "-3px", "20-10px", "1e999", "nan", "10 px", "10pxx", "1-2-3"])
def test_span_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="such as"):
        Span.parse(text)


def test_span_in_pixels() -> None:
    sides = np.array([20.0, 50.0])
    assert [end.tolist() for end in Span.parse("0.1-0.2").pixels(sides)] == [[2, 5], [4, 10]]
    assert [end.tolist() for end in Span.parse("3px").pixels(sides)] == [[3, 3], [3, 3]]


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.booleans())
def test_span_comes_back_exactly(a: float, b: float, px: bool) -> None:
    span = Span(min(a, b), max(a, b), px)
    assert Span.parse(str(span)) == span


@given(st.floats(-1000, 1000))
def test_numbers_come_back_exactly(value: float) -> None:
    assert real(-1000, 1000)(show(value)) == value


def test_parsers_say_what_they_take() -> None:
    with pytest.raises(ValueError, match="not a range"):
        distance("1-2px")
    with pytest.raises(ValueError, match="one of a, b"):
        choice("a", "b")("c")
    with pytest.raises(ValueError, match="from 1 to 9"):
        whole(1, 9)("10")
    with pytest.raises(ValueError, match="from 0 to 1"):
        real(0, 1)("1.5")
    with pytest.raises(ValueError, match="one of a, or one of b"):
        either(choice("a"), choice("b"))("c")
    assert (whole(1, 9)("9"), real(0, 1)("1"), either(choice("a"), whole(1, 9))("3")) == (9, 1.0, 3)
