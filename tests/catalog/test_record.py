from __future__ import annotations

import pytest
from pydantic import ValidationError

from samaritan.catalog.record import Paper
from tests.catalog.conftest import paper


def test_white_space_is_one_blank() -> None:
    assert paper("lee2024sam", "SAM\n\n and\tthe\u2028rest ", "2024-05").title == "SAM and the rest"


@pytest.mark.parametrize("mark", ["\x00", "\x1b[31m", "\x7f", "\x9b", "\u202e", "\u2066"])
def test_what_a_terminal_would_obey_is_in_no_record(mark: str) -> None:
    for field in ("title", "venue", "doi", "code_licence"):
        with pytest.raises(ValidationError, match="no control character"):
            Paper.model_validate(
                {"key": "a2024b", "title": "T", "authors": ("A",), "month": "2024-05", field: f"T{mark}"}
            )
    with pytest.raises(ValidationError, match=r"(?s)authors\.0.*no control character"):
        paper("a2024b", "T", "2024-05", authors=(f"A{mark}",))


@pytest.mark.parametrize("title", ["", " ", "?!", "x" * 2001])
def test_a_title_says_something_and_ends(title: str) -> None:
    with pytest.raises(ValidationError, match=r"(?s)title.*(letter or a digit|at most 2000)"):
        paper("a2024b", title, "2024-05")


@pytest.mark.parametrize(
    ("key", "month"),
    [
        ("lee\u0662\u0660\u0662\u0664x", "2024-05"),
        ("lee2024x", "\u0662\u0660\u0662\u0664-05"),
        ("lee0000x", "0000-01"),
        ("a2024" + "b" * 100, "2024-05"),
    ],
)
def test_keys_and_months_are_those_of_our_time_in_ascii(key: str, month: str) -> None:
    with pytest.raises(ValidationError):
        paper(key, "T", month)
