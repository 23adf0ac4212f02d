from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet
from samaritan.prompts import make_prompt

Mask = NDArray[np.bool_]


def first(text: str, ref: Mask, seed: int = 0) -> list[PromptSet]:
    return make_prompt(text).first(ref, np.random.default_rng(seed))


def places(prompt: PromptSet) -> list[list[float]]:
    assert prompt.points is not None
    return [[float(v) for v in place] for place in prompt.points.ijk[:, :2]]


LOW_RES = np.arange(16, dtype=np.float32).reshape(4, 4)


def correct(text: str, ref: Mask, pred: Mask, previous: PromptSet) -> PromptSet | None:
    return make_prompt(text).correct(ref, pred, LOW_RES, previous, np.random.default_rng(0))


def test_a_missed_part_gets_a_positive_click(blocks: Mask) -> None:
    (start,) = first("clicks:3", blocks)
    assert places(start) == [[44, 24]]
    pred = blocks.copy()
    pred[2:9, 30:37] = False
    pred[20:25, 20:22] = True  # a smaller error
    asked = correct("clicks:3", blocks, pred, start)
    assert asked is not None
    assert places(asked) == [[44, 24], [5, 33]]
    assert asked.points is not None
    assert asked.points.labels.tolist() == [1, 1]


def test_a_false_part_gets_a_negative_click(blocks: Mask) -> None:
    (start,) = first("clicks:3", blocks)
    pred = blocks.copy()
    pred[20:27, 20:27] = True
    asked = correct("clicks:3", blocks, pred, start)
    assert asked is not None
    assert asked.points is not None
    assert places(asked) == [[44, 24], [23, 23]]
    assert asked.points.labels.tolist() == [1, 0]


def test_feedback_is_sam_s_or_none(blocks: Mask) -> None:
    (start,) = first("clicks:3", blocks)
    fed = correct("clicks:3", blocks, ~blocks, start)
    assert fed is not None
    assert fed.mask is not None
    assert fed.mask.frame == "model"
    assert (fed.mask.logits == LOW_RES).all()
    bare = correct("clicks:3:feedback=none", blocks, ~blocks, start)
    assert bare is not None
    assert bare.mask is None


def test_a_perfect_answer_ends_it(blocks: Mask) -> None:
    assert correct("clicks:3", blocks, blocks, first("clicks:3", blocks)[0]) is None


def test_rounds() -> None:
    assert make_prompt("clicks:7").rounds == 7


def test_clicks_after_a_box_keep_it(blocks: Mask) -> None:
    strategy = make_prompt("box+clicks:3:feedback=none")
    assert strategy.rounds == 4
    (start,) = first("box+clicks:3", blocks)
    assert start.points is None
    assert start.box is not None
    pred = blocks.copy()
    pred[2:9, 30:37] = False
    asked = correct("box+clicks:3:feedback=none", blocks, pred, start)
    assert asked is not None
    assert asked.box is start.box
    assert places(asked) == [[5, 33]]
    assert asked.mask is None
    again = correct("box+clicks:3", blocks, ~blocks, asked)
    assert again is not None
    assert len(places(again)) == 2
    assert again.mask is not None
    assert correct("box+clicks:3", blocks, blocks, asked) is None
