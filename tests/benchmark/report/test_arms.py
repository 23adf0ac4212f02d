from __future__ import annotations

import pytest

from samaritan.benchmark._row import Row
from samaritan.benchmark.report._arms import Arm, Arms, describe
from samaritan.prompts import make_prompt


def test_order_is_that_of_the_settings_and_oracles_are_known(fake_rows: list[Row]) -> None:
    arms = Arms.of(fake_rows, ("point", "box"))

    assert arms.prompts[:2] == ["point", "box"]
    assert arms.oracles == {"everything"}
    assert arms.reference == "box"
    assert arms.label(arms.all[0]) == "point"


def test_reference_is_no_oracle_where_there_is_another(fake_rows: list[Row]) -> None:
    chosen = [row for row in fake_rows if row["prompt"] in ("everything", "point")]

    assert Arms.of(chosen, ("everything", "point")).reference == "point"
    assert Arms.of([]).reference is None


def test_adaptation_is_part_of_the_name() -> None:
    assert Arm("sam", "none", "box").system == "sam"
    assert Arm("sam", "lora", "box").system == "sam + lora"


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("box", "tight box"),
        ("box:margin=0.1", "box 10 % larger on each side"),
        ("box:jitter=10px", "box with sides off by up to 10 px"),
        ("points:5+5", "5 clicks inside, 5 outside"),
        ("clicks:10", "10 clicks, each on the largest error"),
        ("something:new", ""),
    ],
)
def test_prompts_have_plain_words(prompt: str, words: str) -> None:
    assert describe(prompt) == words


def test_canonical_names_are_described() -> None:
    for text in (
        "box",
        "box:margin=0.1",
        "box:jitter=10px",
        "boxes",
        "point",
        "points:5",
        "points:5+5",
        "clicks:10",
        "box+point",
    ):
        assert describe(make_prompt(text).name), text
