"""The page about failures names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)


def test_every_named_test_exists() -> None:
    missing = [
        f"{file}::{name}"
        for file, name in NAMED
        if not (TESTS / file).is_file()
        or not re.search(rf"^ *def {name}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_every_row_of_the_families_in_reach_is_there() -> None:
    rows = set(re.findall(r"^\| ([A-Z]\d\d) \|", PAGE, re.MULTILINE))
    wanted = {
        f"{family}{number:02}"
        for family, count in (("F", 18), ("G", 17), ("D", 18), ("K", 9), ("S", 25))
        for number in range(1, count + 1)
    }
    assert wanted - rows == set()


def test_every_row_names_a_test() -> None:
    for line in PAGE.splitlines():
        if re.match(r"\| ([A-Z]\d\d|-) \|", line):
            assert re.search(r"`[\w/]+\.py::\w+`", line), line
