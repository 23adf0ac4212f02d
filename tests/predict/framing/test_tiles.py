from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samaritan.core import Box, MaskHint, Points, PromptSet, Window
from samaritan.models._base import Prediction
from samaritan.predict.framing import OUTSIDE, Look, make_framing
from samaritan.predict.framing.tiles import tile


@given(st.tuples(st.integers(1, 300), st.integers(1, 300)), st.integers(1, 8))
def test_tiles_cover_the_picture_and_reach_into_each_other(shape: tuple[int, int], count: int) -> None:
    found = tile(shape, count)
    covered = np.zeros(shape, int)
    for window in found:
        assert covered[window.slices].shape == window.size  # inside the picture
        covered[window.slices] += 1
    assert covered.min() >= 1
    assert len(set(found)) == len(found)
    for axis in (0, 1):
        starts = sorted({window.low[axis] for window in found})
        side = found[0].size[axis]
        assert all(later - earlier <= np.ceil(0.75 * side) for earlier, later in pairwise(starts))
    assert len({window.low[int(shape[1] > shape[0])] for window in found}) <= count


def test_two_along_the_longer_side() -> None:
    assert tile((70, 30), 2) == [Window((0, 0), (40, 30)), Window((30, 0), (40, 30))]
    assert tile((70, 70), 2) == [Window((x, y), (40, 40)) for x in (0, 30) for y in (0, 30)]
    assert tile((10, 8), 4) == [Window((0, 0), (10, 8))]  # smaller than the smallest tile


def test_only_tiles_that_the_prompt_touches_are_looked_at() -> None:
    framing, shape = make_framing("tiles:2"), (70, 70)
    assert framing.next(PromptSet(box=Box((2, 2), (20, 20))), shape, []) == [Window((0, 0), (40, 40))]
    assert len(framing.next(PromptSet(box=Box((2, 2), (35, 20))), shape, [])) == 2
    assert len(framing.next(PromptSet(points=Points((35, 35), 1)), shape, [])) == 4
    assert len(framing.next(PromptSet(mask=MaskHint(np.zeros((99, 99), np.float32), "model")), shape, [])) == 4


def answer(logits: np.ndarray[tuple[int, ...], np.dtype[np.float32]], quality: float) -> Prediction:
    return Prediction(logits, np.array([quality], np.float32), np.zeros((1, 4, 4), np.float32))


def test_blending_of_equal_answers_changes_nothing() -> None:
    framing, shape = make_framing("tiles:2"), (70, 70)
    truth = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
    looks = [Look(window, answer(truth[:, *window.slices], 0.7)) for window in tile(shape, 2)]
    found = framing.fuse(PromptSet(), shape, looks)
    assert np.abs(found.logits - truth).max() < 1e-5
    assert found.quality.tolist() == pytest.approx([0.7])
    assert np.array_equal(found.low_res, found.logits.swapaxes(1, 2))


def test_in_an_overlap_each_tile_counts_by_the_distance_to_its_border() -> None:
    framing, shape = make_framing("tiles:2"), (70, 30)
    left, right = tile(shape, 2)
    looks = [
        Look(left, answer(np.full((1, 40, 30), 1, np.float32), 0.8)),
        Look(right, answer(np.full((1, 40, 30), -1, np.float32), 0.2)),
    ]
    found = framing.fuse(PromptSet(), shape, looks)
    row = found.logits[0, :, 5]
    assert (row[:30] == 1).all()
    assert (row[40:] == -1).all()
    # 10 pixels in both: weights 10..1 of the left tile against 1..10 of the right one
    assert row[30:40] == pytest.approx([(11 - n - n) / 11 for n in range(1, 11)])
    assert found.quality.tolist() == pytest.approx([0.8])  # the right tile found nothing


def test_where_no_tile_was_asked_is_background() -> None:
    framing, shape = make_framing("tiles:2"), (70, 70)
    (only,) = framing.next(PromptSet(box=Box((2, 2), (20, 20))), shape, [])
    found = framing.fuse(PromptSet(), shape, [Look(only, answer(np.ones((1, 40, 40), np.float32), 0.5))])
    assert (found.logits == OUTSIDE).sum() == 70 * 70 - 40 * 40
