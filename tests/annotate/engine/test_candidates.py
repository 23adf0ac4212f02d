from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from samaritan.annotate.engine._candidates import LANES, LastAnswers
from samaritan.annotate.engine.requests import ImageRef, SliceAnswer, SliceQuestion
from samaritan.core import Points, PromptSet

FIRST, SECOND = np.zeros((2, 9, 9), bool)
FIRST[2:6, 2:6] = SECOND[1:8, 1:8] = True
QUESTION = SliceQuestion(ImageRef("a", Path("a")), "axial", 0, PromptSet(Points([[3, 3]], [1])), lane="a/1")
ANSWER = SliceAnswer((FIRST, SECOND), (0.9, 0.8), True, 0.5)


def kept() -> LastAnswers:
    last = LastAnswers()
    last.keep(QUESTION, ANSWER)
    return last


def test_stepping_gives_the_same_candidates() -> None:
    for shown in (FIRST, SECOND, SECOND & ~FIRST):  # the last one with another object in front
        again = kept().again(replace(QUESTION, current=shown))
        assert again is not None
        assert (again.masks, again.qualities) == (ANSWER.masks, ANSWER.qualities)
        assert (again.encoded, again.seconds) == (False, 0.0)


def test_other_questions_are_asked() -> None:
    other_click = PromptSet(Points([[3, 4]], [1]))
    painted = SECOND.copy()
    painted[0, 0] = True
    for change in (
        {"current": None}, {"current": painted}, {"current": SECOND & False}, {"current": FIRST & (np.arange(9) > 4)},
        {"current": FIRST, "prompts": other_click}, {"current": FIRST, "index": 1}, {"current": FIRST, "lane": "a/2"},
    ):  # fmt: skip
        assert kept().again(replace(QUESTION, **change)) is None


def test_few_are_remembered_and_none_of_another_model() -> None:
    last = kept()
    for number in range(LANES):
        last.keep(replace(QUESTION, lane=f"b/{number}"), ANSWER)
    assert last.again(replace(QUESTION, current=FIRST)) is None
    asked = replace(QUESTION, lane="b/0", current=FIRST)
    assert last.again(asked) is not None
    last.clear()
    assert last.again(asked) is None


def test_questions_without_a_lane_are_not_remembered() -> None:
    last = LastAnswers()
    last.keep(replace(QUESTION, lane=""), ANSWER)
    assert last.again(replace(QUESTION, lane="", current=FIRST)) is None
