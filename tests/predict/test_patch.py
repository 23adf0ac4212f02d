from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from samaritan.predict._patch import COARSE, HIGHEST, LOWEST, OUTSIDE, Patch

PICTURES = arrays(np.float32, (9, 7), elements=st.floats(-30, 30, width=32))


@given(PICTURES)
def test_mask_is_kept_to_the_pixel_and_logits_to_an_eighth(logits: np.ndarray) -> None:
    patch = Patch.of(logits)
    mask = logits > 0
    assert np.array_equal(patch.mask(), mask)
    assert np.array_equal(patch.logits() > 0, mask)
    assert patch.area == mask.sum()
    kept, high = (logits > LOWEST) & (logits <= COARSE), logits > COARSE
    assert (patch.logits() - logits)[kept].max(initial=0) <= 1 / 8
    assert (patch.logits() - logits)[high].max(initial=0) < 1
    assert (patch.logits() - logits)[kept | high].min(initial=0) >= 0


def test_surer_answers_stay_surer() -> None:
    logits = np.linspace(LOWEST + 0.1, 60, 500, dtype=np.float32)[:, None]
    kept = Patch.of(logits).logits()[:, 0]
    assert (np.diff(kept) >= 0).all()
    assert (np.diff(kept[logits[:, 0] < HIGHEST][::10]) > 0).all()
    assert kept.max() == HIGHEST


@given(PICTURES)
def test_box_and_crop_are_those_of_the_mask(logits: np.ndarray) -> None:
    patch = Patch.of(logits)
    places = np.argwhere(logits > 0)
    if not len(places):
        assert patch.area == 0
        return
    assert patch.low == tuple(places.min(axis=0))
    assert patch.high == tuple(places.max(axis=0))
    (x0, y0), (x1, y1) = patch.low, patch.high
    assert np.array_equal(patch.cropped(), (logits > 0)[x0 : x1 + 1, y0 : y1 + 1])


@given(PICTURES, PICTURES)
def test_overlap_is_the_dice_coefficient(one: np.ndarray, other: np.ndarray) -> None:
    a, b = one > 0, other > 0
    expected = 2 * (a & b).sum() / (a.sum() + b.sum()) if (a | b).any() else 1.0
    assert Patch.of(one).overlap(Patch.of(other)) == pytest.approx(expected)


def test_far_from_the_mask_nothing_is_kept() -> None:
    logits = np.full((400, 300), -9, np.float32)
    logits[100:120, 50:60] = 4
    patch = Patch.of(logits)
    assert (patch.corner, patch.size) == ((100, 50), (20, 10))
    assert patch.logits()[0, 0] == OUTSIDE
    assert len(patch.packed) < 200


def test_nothing_at_all() -> None:
    patch = Patch.of(np.full((5, 4), -9, np.float32))
    assert (patch.area, patch.packed) == (0, b"")
    assert not patch.mask().any()
    assert (patch.logits() == OUTSIDE).all()


def test_united_answers_keep_the_higher_logit() -> None:
    one, other = np.full((2, 5, 4), -3, np.float32)
    one[0], other[0], other[1] = 2, 5, 1
    united = Patch.united([Patch.of(one), Patch.of(other)])
    assert np.array_equal(united.logits(), np.maximum(one, other))
