"""What the single strategies ask, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.core import PromptSet
from samaritan.prompts import make_prompt

Mask = NDArray[np.bool_]


@pytest.fixture
def blocks() -> Mask:
    """Four squares of side 9, 7, 5 and 3 in a picture of 60 x 40."""
    mask = np.zeros((60, 40), dtype=bool)
    mask[40:49, 20:29] = True
    mask[2:9, 30:37] = True
    mask[10:15, 2:7] = True
    mask[55:58, 5:8] = True
    return mask


def first(text: str, ref: Mask, seed: int = 0) -> list[PromptSet]:
    return make_prompt(text).first(ref, np.random.default_rng(seed))


def places(prompt: PromptSet) -> list[list[float]]:
    assert prompt.points is not None
    return [[float(v) for v in place] for place in prompt.points.ijk[:, :2]]


def corners(prompt: PromptSet) -> list[float]:
    assert prompt.box is not None
    return [*prompt.box.lo[:2].tolist(), *prompt.box.hi[:2].tolist()]


def test_mazurowski_by_hand(blocks: Mask) -> None:
    modes = {mode: first(f"mazurowski:{mode}", blocks) for mode in range(1, 6)}
    assert [places(p) for p in modes[1]] == [[[44, 24]]]
    assert [places(p) for p in modes[2]] == [[[44, 24], [5, 33], [12, 4]]]  # three clicks, one question
    assert [corners(p) for p in modes[3]] == [[40, 20, 48, 28]]
    assert [corners(p) for p in modes[4]] == [[40, 20, 48, 28], [2, 30, 8, 36], [10, 2, 14, 6]]
    assert [corners(p) for p in modes[5]] == [[2, 2, 57, 36]]
    assert {make_prompt(f"mazurowski:{mode}").candidates for mode in range(1, 6)} == {"first"}
    assert make_prompt("mazurowski:4:oracle").candidates == "oracle"


def test_huang_by_hand(blocks: Mask) -> None:
    square = np.zeros_like(blocks)
    square[40:49, 20:29] = True
    modes = {mode: first(f"huang:S{mode}", square) for mode in range(1, 7)}
    assert len(modes[1]) == 32 * 32
    assert places(modes[2][0]) == [[44, 24]]
    for mode, positive, negative in ((3, 5, 0), (4, 5, 5)):
        points = modes[mode][0].points
        assert points is not None
        assert places(modes[mode][0])[0] == [44, 24]
        assert points.labels.tolist() == [1] * positive + [0] * negative
        outside = points.ijk[points.labels == 0, :2]
        assert ((outside >= [35, 15]) & (outside <= [53, 33])).all()  # the box of 9 x 9, twice as large
    assert corners(modes[5][0]) == [40, 20, 48, 28]
    assert (corners(modes[6][0]), places(modes[6][0])) == ([40, 20, 48, 28], [[44, 24]])
    assert {make_prompt(f"huang:S{mode}").candidates for mode in range(1, 7)} == {"oracle"}
    assert [make_prompt(f"huang:S{mode}").shared for mode in (1, 2)] == [True, False]


def test_boxes_one_for_each_component(blocks: Mask) -> None:
    assert len(first("boxes", blocks)) == 4
    assert [corners(p) for p in first("boxes:max=2,margin=1px", blocks)] == [[39, 19, 49, 29], [1, 29, 9, 37]]


def test_image_and_none(blocks: Mask) -> None:
    assert [corners(p) for p in first("image", blocks)] == [[0, 0, 59, 39]]
    (nothing,) = first("none", blocks)
    assert (nothing.points, nothing.box, nothing.mask, nothing.interactions) == (None, None, None, 0)


def test_points_counts_and_small_masks() -> None:
    pair = np.zeros((6, 5), dtype=bool)
    pair[2, 3] = pair[3, 3] = True
    (prompt,) = first("points:5+4", pair)
    assert prompt.points is not None
    assert prompt.points.labels.tolist() == [1, 1, 0, 0, 0, 0]
    (filled,) = first("points:3+4", np.ones((4, 4), dtype=bool))
    assert filled.points is not None
    assert filled.points.labels.tolist() == [1, 1, 1]


def test_interactions_are_counted(blocks: Mask) -> None:
    texts = ("box", "boxes", "point", "points:5+5", "box+point", "mask", "image", "none")
    assert [sum(p.interactions for p in first(text, blocks)) for text in texts] == [1, 4, 1, 10, 2, 1, 1, 0]


class TestClicks:
    low_res = np.arange(16, dtype=np.float32).reshape(4, 4)

    def correct(self, text: str, ref: Mask, pred: Mask, previous: PromptSet) -> PromptSet | None:
        return make_prompt(text).correct(ref, pred, self.low_res, previous, np.random.default_rng(0))

    def test_a_missed_part_gets_a_positive_click(self, blocks: Mask) -> None:
        (start,) = first("clicks:3", blocks)
        assert places(start) == [[44, 24]]
        pred = blocks.copy()
        pred[2:9, 30:37] = False
        pred[20:25, 20:22] = True  # a smaller error
        asked = self.correct("clicks:3", blocks, pred, start)
        assert asked is not None
        assert places(asked) == [[44, 24], [5, 33]]
        assert asked.points is not None
        assert asked.points.labels.tolist() == [1, 1]

    def test_a_false_part_gets_a_negative_click(self, blocks: Mask) -> None:
        (start,) = first("clicks:3", blocks)
        pred = blocks.copy()
        pred[20:27, 20:27] = True
        asked = self.correct("clicks:3", blocks, pred, start)
        assert asked is not None
        assert asked.points is not None
        assert places(asked) == [[44, 24], [23, 23]]
        assert asked.points.labels.tolist() == [1, 0]

    def test_feedback_is_sam_s_or_none(self, blocks: Mask) -> None:
        (start,) = first("clicks:3", blocks)
        fed = self.correct("clicks:3", blocks, ~blocks, start)
        assert fed is not None
        assert fed.mask is not None
        assert fed.mask.frame == "model"
        assert (fed.mask.logits == self.low_res).all()
        bare = self.correct("clicks:3:feedback=none", blocks, ~blocks, start)
        assert bare is not None
        assert bare.mask is None

    def test_a_perfect_answer_ends_it(self, blocks: Mask) -> None:
        assert self.correct("clicks:3", blocks, blocks, first("clicks:3", blocks)[0]) is None

    def test_rounds(self) -> None:
        assert make_prompt("clicks:7").rounds == 7


class TestMask:
    def hint(self, text: str, ref: Mask) -> Mask:
        (prompt,) = first(text, ref)
        assert prompt.mask is not None
        assert prompt.mask.frame == "image"
        return np.asarray(prompt.mask.logits > 0)

    def test_as_many_cells_as_pixels_is_the_reference(self, blocks: Mask) -> None:
        assert (self.hint("mask:cells=60", blocks) == blocks).all()

    def test_cells_take_the_majority(self) -> None:
        ref = np.zeros((8, 6), dtype=bool)
        ref[0:3, 0:2] = True  # cells of 2 x 2: the second column of cells is half full
        expected = np.zeros_like(ref)
        expected[0:4, 0:2] = True
        assert (self.hint("mask:cells=4", ref) == expected).all()

    def test_a_tiny_target_keeps_its_fullest_cell(self) -> None:
        ref = np.zeros((64, 64), dtype=bool)
        ref[33, 50] = True
        expected = np.zeros_like(ref)
        expected[32:48, 48:64] = True
        assert (self.hint("mask:cells=4", ref) == expected).all()

    def test_grow_by_hand(self, blocks: Mask) -> None:
        square = np.zeros_like(blocks)
        square[40:49, 20:29] = True
        grown = self.hint("mask:cells=60,grow=2", square)
        assert grown[38, 24]
        assert not grown[37, 24]
        assert not grown[38, 18]  # the corner is sqrt(8) away
        shrunk = np.zeros_like(blocks)
        shrunk[42:47, 22:27] = True
        assert (self.hint("mask:cells=60,grow=-2", square) == shrunk).all()
        assert self.hint("mask:cells=60,grow=-50", square).sum() == 1
