from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from samaritan.core import Geometry, GeometryError, LabelMap
from samaritan.datasets._grid import onto_grid

ORDERS = [(axes, flips) for axes in permutations(range(3)) for flips in product((False, True), repeat=3)]


@settings(max_examples=30)
@given(st.sampled_from(ORDERS), st.integers(0, 10_000))
def test_all_48_orders_of_an_oblique_grid_are_undone(
    order: tuple[tuple[int, ...], tuple[bool, ...]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_rotvec(rng.uniform(-0.4, 0.4, 3)).as_matrix() * rng.uniform(0.5, 3, 3)
    affine[:3, 3] = rng.uniform(-100, 100, 3)
    image = Geometry((4, 5, 6), affine)
    truth = rng.integers(0, 9, image.shape).astype(np.uint8)
    axes, flips = order
    turn = np.zeros((4, 4))
    turn[3, 3] = 1
    for new, old in enumerate(axes):
        turn[old, new] = -1 if flips[new] else 1
        turn[old, 3] = image.shape[old] - 1 if flips[new] else 0
    stored = truth.transpose(axes)[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    labels = LabelMap(stored, Geometry(stored.shape, affine @ turn))
    turned = onto_grid(labels, image, Path("mask"), Path("image"))
    assert np.array_equal(turned.data, truth)
    assert turned.geometry is image


def test_a_tiny_shift_is_accepted_and_a_visible_one_refused() -> None:
    image = Geometry.from_spacing((4, 5, 6), (1, 1, 2))
    for shift, fits in ((1e-5, True), (1e-2, False)):
        affine = image.affine.copy()
        affine[0, 3] += shift
        labels = LabelMap(np.zeros(image.shape, np.uint8), Geometry(image.shape, affine))
        if fits:
            assert onto_grid(labels, image, Path("m"), Path("i")).geometry is image
        else:
            with pytest.raises(GeometryError, match="mask m does not lie on the grid of its image i: position"):
                onto_grid(labels, image, Path("m"), Path("i"))


def test_pictures_are_never_turned() -> None:
    labels = LabelMap(np.zeros((5, 4, 1), np.uint8), Geometry.pixels(5, 4))
    with pytest.raises(GeometryError, match=r"shape \(5, 4, 1\) against \(4, 5, 1\)"):
        onto_grid(labels, Geometry.pixels(4, 5), Path("m"), Path("i"))
