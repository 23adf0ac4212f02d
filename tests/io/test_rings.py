from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.path import Path
from scipy import ndimage

from samaritan.io._rings import Ring, fill, rings_of

MASKS = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def area(ring: Ring) -> float:
    x, y = ring.T
    return abs(float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))) / 2


def drawn_by_matplotlib(rings: list[Ring], shape: tuple[int, int]) -> np.ndarray:
    centres, inside = np.argwhere(np.ones(shape, bool)), np.zeros(shape, bool)
    for ring in rings:
        inside ^= Path(np.vstack([ring, ring[:1]]), closed=True).contains_points(centres).reshape(shape)
    return inside


@settings(max_examples=150)
@given(MASKS)
def test_curves_hold_exactly_the_mask(mask: np.ndarray) -> None:
    rings = rings_of(mask)
    assert np.array_equal(fill(rings, mask.shape), mask)
    assert np.array_equal(drawn_by_matplotlib(rings, mask.shape), mask)
    assert len(rings) <= ndimage.label(mask)[1]
    assert all(len(ring) >= 4 and (ring >= -0.5).all() and (ring <= np.array(mask.shape) - 0.5).all() for ring in rings)


@settings(max_examples=50)
@given(MASKS, st.integers(0, 2**31))
def test_noise_of_coordinates_changes_no_pixel(mask: np.ndarray, seed: int) -> None:
    noise = np.random.default_rng(seed)
    rings = [ring + noise.uniform(-1e-3, 1e-3, ring.shape) for ring in rings_of(mask)]
    assert np.array_equal(fill(rings, mask.shape), mask)


def test_a_ring_is_one_curve_with_a_keyhole_and_the_right_area() -> None:
    x, y = np.mgrid[:60, :60] - 29.5
    mask = (np.hypot(x, y) < 25) & (np.hypot(x - 5, y) > 9) & (np.hypot(x + 14, y + 6) > 4)
    (ring,) = rings_of(mask)
    assert area(ring) == pytest.approx(mask.sum() + 2 * 0.5 - 0.5)  # two holes, one piece
    assert len(rings_of(mask | (np.hypot(x - 5, y) < 4))) == 2


def test_straight_sides_have_two_corners() -> None:
    mask = np.zeros((9, 9), bool)
    mask[2:7, 3:6] = True
    (ring,) = rings_of(mask)
    assert len(ring) == 8
    assert area(ring) == 15 - 0.5
    assert rings_of(mask & False) == []
