from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import ndimage

from samaritan.core import UsageError
from samaritan.predict._collector import Answer
from samaritan.predict.everywhere import smoothed

SPACING = (0.8, 1.0, 2.5)


def answers(logits: np.ndarray) -> Iterator[tuple[int, list[Answer]]]:
    for index in range(logits.shape[2]):
        yield index, [Answer("a", logits[..., index], 0.8), Answer("b", -logits[..., index], 0.6)]


def sigmoid(values: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-values)))


def test_streaming_gives_what_a_filter_over_the_whole_volume_gives() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (17, 14, 20)).astype(np.float32)
    sigma = 2.4
    found = dict(smoothed(answers(logits), SPACING, 20, sigma))
    assert sorted(found) == list(range(20))
    whole = sigmoid(logits)
    for axis in (0, 1):
        whole = ndimage.gaussian_filter1d(whole, sigma / SPACING[axis], axis=axis, mode="nearest", truncate=3)
    reach = int(3 * sigma / SPACING[2])
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) * SPACING[2] / sigma) ** 2)
    over = ndimage.convolve1d(whole, weights, axis=2, mode="constant")
    total = ndimage.convolve1d(np.ones_like(whole), weights, axis=2, mode="constant")
    for index, (a, b) in found.items():
        assert np.allclose(sigmoid(a.logits), (over / total)[..., index], atol=1e-5)
        assert np.allclose(a.logits, -b.logits, atol=1e-3)
        assert (a.target, a.quality, b.quality) == ("a", 0.8, 0.6)


def test_a_slice_that_flickers_is_filled_and_a_speck_goes() -> None:
    logits = np.full((20, 20, 9), -6, np.float32)
    logits[5:15, 5:15, :] = 6
    logits[..., 4] = -6
    logits[1, 1, 7] = 6
    found = dict(smoothed(answers(logits), (1, 1, 1), 9, 1.0))
    assert (found[4][0].logits > 0)[6:14, 6:14].all()
    assert not (found[7][0].logits > 0)[:4, :4].any()


@pytest.mark.parametrize("sigma", [0.1, 100.0])
def test_any_width_works(sigma: float) -> None:
    logits = np.random.default_rng(0).normal(0, 3, (8, 8, 5)).astype(np.float32)
    found = dict(smoothed(answers(logits), SPACING, 5, sigma))
    assert sorted(found) == list(range(5))
    if sigma < 1:
        assert all(np.allclose(found[k][0].logits, logits[..., k], atol=1e-2) for k in found)


@pytest.mark.parametrize("sigma", [0, -1, float("nan"), float("inf")])
def test_no_width_is_refused(sigma: float) -> None:
    with pytest.raises(UsageError, match="standard deviation above 0 millimetres"):
        next(smoothed(answers(np.zeros((4, 4, 3), np.float32)), SPACING, 3, sigma))
