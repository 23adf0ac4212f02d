from __future__ import annotations

import math

import numpy as np
import pytest

from samaritan.benchmark._masks import Mask, PackedMask
from samaritan.benchmark._row import SCORES
from samaritan.benchmark._score import score
from samaritan.core import Geometry, SliceView
from samaritan.evaluate import evaluate

SHAPE = (14, 11, 8)


def pack(volume: Mask) -> dict[int, PackedMask]:
    return {k: PackedMask.of(volume[:, :, k]) for k in range(volume.shape[2]) if volume[:, :, k].any()}


@pytest.mark.parametrize("seed", range(6))
def test_a_crop_is_scored_like_the_whole(seed: int) -> None:
    rng = np.random.default_rng(seed)
    view = SliceView.of(Geometry.from_spacing(SHAPE, (0.7, 1.1, 3)), "axial")
    pred, ref = (np.zeros(SHAPE, bool) for _ in range(2))
    low, depth = rng.integers(0, 6, 3), int(rng.integers(1, 4))
    ref[low[0] : low[0] + 5, low[1] : low[1] + 4, low[2] : low[2] + depth] = True
    if seed:  # seed 0: nothing predicted
        pred[low[0] + 1 : low[0] + 7, low[1] : low[1] + 5, low[2]] = rng.random((6, 5))[: SHAPE[0] - low[0] - 1] > 0.3
    whole = evaluate(pred=pred, ref=ref, spacing=view.spacing, nsd_tolerance=1.0, metrics=SCORES)
    assert score(pred=pack(pred), ref=pack(ref), view=view, nsd_tolerance=1.0) == pytest.approx(whole)


def test_distances_of_a_stack_with_gaps_are_means_within_slices() -> None:
    view = SliceView.of(Geometry.from_spacing(SHAPE, (1, 1, 5)), "axial")
    ref, pred = (np.zeros(SHAPE, bool) for _ in range(2))
    ref[2:8, 2:8, 1] = ref[2:8, 2:8, 6] = True
    pred[2:8, 2:8, 1] = True
    pred[2:8, 5:11, 6] = True  # three pixels off
    found = score(pred=pack(pred), ref=pack(ref), view=view, by_slice=True, nsd_tolerance=1.0)
    assert found["dice"] == pytest.approx((36 + 18) / 72)
    assert found["hd95_mm"] == pytest.approx(3 / 2)


def test_an_undefined_metric_is_none() -> None:
    view = SliceView.of(Geometry.from_spacing(SHAPE, (1, 1, 1)), "axial")
    ref = np.zeros(SHAPE, bool)
    ref[3:6, 3:6, 3] = True
    found = score(pred={}, ref=pack(ref), view=view, nsd_tolerance=1.0)
    assert found["dice"] == 0.0
    assert found["hd95_mm"] == pytest.approx(math.hypot(*SHAPE))
    assert all(value is None or math.isfinite(value) for value in found.values())


def test_a_metric_that_was_added_is_measured(added_metric: str) -> None:
    view = SliceView.of(Geometry.from_spacing(SHAPE, (1, 1, 5)), "axial")
    ref, pred = (np.zeros(SHAPE, bool) for _ in range(2))
    ref[2:8, 2:8, 1] = ref[2:8, 2:8, 6] = True
    pred[2:8, 2:5, 1] = True
    found = score(pred=pack(pred), ref=pack(ref), view=view, nsd_tolerance=1.0)
    assert set(found) == {*SCORES, added_metric}
    assert found[added_metric] == 18 / 72
