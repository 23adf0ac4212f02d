"""What every registered metric keeps."""

from __future__ import annotations

import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest

from samaritan.evaluate import METRICS, MaskPair, Metric, evaluate

SHAPE, SPACING = (14, 12, 6), (0.5, 0.5, 10.0)

every_metric = pytest.mark.parametrize("name", METRICS.names())


def target() -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[4:10, 3:9, 2:5] = True
    return mask


def value(name: str, pred: np.ndarray, ref: np.ndarray) -> float:
    return evaluate(pred=pred, ref=ref, spacing=SPACING, metrics=[name])[name]


@every_metric
def test_is_entered_under_its_own_name_and_explains_itself(name: str) -> None:
    metric = METRICS.get(name)
    assert metric.name == name
    assert metric.title
    assert metric.definition.endswith(".")
    assert metric.unit in ("", "mm", "ml")
    assert name.endswith("_mm") == (metric.unit == "mm")


@every_metric
def test_perfect_on_identity_and_worse_with_each_step_away(name: str) -> None:
    """In the direction that the metric declares."""
    ref = target()
    steps = [value(name, ref, ref)]
    for extra in (1, 2, 3):
        pred = ref.copy()
        pred[4 - extra : 10 + extra, 3:9, 2:5] = True
        steps.append(value(name, pred, ref))
    assert steps[0] == (1.0 if METRICS.get(name).higher_is_better else 0.0)
    worsening = steps if METRICS.get(name).higher_is_better else [-step for step in steps]
    # NSD forgives up to its tolerance of 2 mm = 4 voxels here, so it may stand still.
    assert all(a >= b for a, b in pairwise(worsening))


@every_metric
def test_nothing_is_worse_than_something(name: str) -> None:
    ref, near = target(), np.roll(target(), 1, axis=0)
    missed, found = value(name, np.zeros(SHAPE, bool), ref), value(name, near, ref)
    assert missed < found if METRICS.get(name).higher_is_better else missed > found


@every_metric
@pytest.mark.parametrize("answer", ["both", "pred", "ref"])
def test_empty_masks_are_answered_as_declared(name: str, answer: str) -> None:
    nothing, something = np.zeros(SHAPE, bool), target()
    masks = {"both": (nothing, nothing), "pred": (nothing, something), "ref": (something, nothing)}[answer]
    declared = getattr(METRICS.get(name).empty, answer)
    found = value(name, *masks)
    if declared == "undefined":
        assert math.isnan(found)
    else:
        assert found == (math.hypot(7, 6, 60) if declared == "diagonal" else declared)


@every_metric
def test_inputs_are_not_changed(name: str) -> None:
    pred, ref = np.roll(target(), 1, axis=1), target()
    before = pred.copy(), ref.copy()
    value(name, pred, ref)
    np.testing.assert_array_equal(pred, before[0])
    np.testing.assert_array_equal(ref, before[1])


@every_metric
def test_thickness_of_a_slice_does_not_matter_in_2d(name: str) -> None:
    pred, ref = np.roll(target(), 2, axis=0)[:, :, 3:4], target()[:, :, 3:4]
    thin = evaluate(pred=pred, ref=ref, spacing=(0.5, 0.5, 0.1), metrics=[name])
    thick = evaluate(pred=pred, ref=ref, spacing=(0.5, 0.5, 50), metrics=[name])
    assert thin == thick
    assert math.isfinite(thin[name])


@every_metric
def test_compute_takes_a_pair(name: str) -> None:
    metric: Metric = METRICS.get(name)
    pair = MaskPair.of(pred=np.roll(target(), 1, axis=0), ref=target(), spacing=SPACING)
    assert metric.compute(pair) == value(name, np.roll(target(), 1, axis=0), target())
    assert dataclasses.is_dataclass(metric)
