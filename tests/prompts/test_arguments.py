from __future__ import annotations

from typing import Any

import pytest

from samaritan.core import PromptError
from samaritan.prompts import parse_box, parse_line, parse_point


@pytest.mark.parametrize(
    ("text", "target", "box"),
    [
        ("1,2,3,4", "target", ((1, 2), (3, 4))),
        ("1.5,2,3,4=left lung", "left lung", ((1.5, 2), (3, 4))),
        ("1,2,3,4@7", "target", ((1, 2, 7), (3, 4, 7))),
        (" 1, 2 ,3,4@7-9 = liver", "liver", ((1, 2, 7), (3, 4, 9))),
        ("1,2,3,4=a@b=c", "a@b=c", ((1, 2), (3, 4))),
    ],
)
def test_box(text: str, target: str, box: Any) -> None:
    found = parse_box(text)
    assert (found.target, found.box, found.frame) == (target, box, "picture")


@pytest.mark.parametrize(
    ("text", "target", "point", "label"),
    [
        ("5,6", "target", (5, 6), 1),
        ("5,6:-", "target", (5, 6), 0),
        ("5,6,7:+=liver", "liver", (5, 6, 7), 1),
        ("5,6,7:-=liver:2", "liver:2", (5, 6, 7), 0),
    ],
)
def test_point(text: str, target: str, point: Any, label: int) -> None:
    found = parse_point(text)
    assert (found.target, found.point, found.label) == (target, point, label)


@pytest.mark.parametrize(
    ("text", "target", "line"),
    [
        ("1,2,3,4", "target", ((1, 2), (3, 4))),
        ("8,9,3,4.5@7=left lung", "left lung", ((8, 9, 7), (3, 4.5, 7))),  # no end is the smaller one
    ],
)
def test_line(text: str, target: str, line: Any) -> None:
    found = parse_line(text)
    assert (found.target, found.line, found.box) == (target, line, None)


@pytest.mark.parametrize(
    ("text", "hint"),
    [("1,2,3", "received 3 numbers, allowed are 4"), ("1,2,3,4@5-7", "'5-7' is no slice; write X0,Y0,X1,Y1")],
)
def test_unreadable_line(text: str, hint: str) -> None:
    with pytest.raises(PromptError, match=hint):
        parse_line(text)


def test_name_where_none_is_said() -> None:
    assert parse_box("1,2,3,4", target="lesion").target == "lesion"
    assert parse_point("1,2=a", target="lesion").target == "a"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1,2,3", "received 3 numbers, allowed are 4"),
        ("1,2,3,x", "not a number; write X0,Y0,X1,Y1"),
        ("1,2,3,", "not a number"),
        ("1,2,3,nan", "finite"),
        ("1,2,3,inf", "finite"),
        ("5,2,3,4", "inverted.*smaller corner first"),
        ("1,2,3,4@9-7", "inverted"),
        ("1,2,3,4@-1", "is no slice"),
        ("1,2,3,4@", "is no slice"),
        ("1,2,3,4=", "name is empty"),
        ("", "not a number"),
    ],
)
def test_bad_box(text: str, hint: str) -> None:
    with pytest.raises(PromptError, match=hint):
        parse_box(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1", "allowed are 2 or 3"),
        ("1,2,3,4", "allowed are 2 or 3"),
        ("1,2:x", "is no sign"),
        ("a,b", "not a number"),
    ],
)
def test_bad_point(text: str, hint: str) -> None:
    with pytest.raises(PromptError, match=hint):
        parse_point(text)
