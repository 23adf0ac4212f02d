from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from samaritan.prompts._region import CLICKS, centre, components, scattered, surroundings, tight, whole_picture


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_tight_box_by_hand() -> None:
    mask = np.zeros((10, 8), dtype=bool)
    mask[2, 5] = mask[7, 1] = True
    assert tight(mask).tolist() == [[2, 1], [7, 5]]
    assert whole_picture(mask.shape).tolist() == [[0, 0], [9, 7]]


def test_components_are_eight_connected_and_sorted() -> None:
    mask = np.zeros((10, 8), dtype=bool)
    mask[0, 0] = True
    mask[5, 5] = mask[6, 6] = mask[7, 5] = True  # corners touch: one component
    mask[2:4, 3] = True
    found = list(components(mask))
    assert [piece.sum() for _, piece in found] == [3, 2, 1]
    assert [corner.tolist() for corner, _ in found] == [[5, 5], [2, 3], [0, 0]]
    assert [piece.sum() for _, piece in components(mask, 2)] == [3, 2]


def test_component_crop_leaves_out_its_neighbours() -> None:
    mask = np.ones((5, 5), dtype=bool)
    mask[1:4, 1:4] = False
    mask[2, 2] = True
    assert [piece.sum() for _, piece in components(mask)] == [16, 1]


def test_centre_click_by_hand(rng: np.random.Generator) -> None:
    mask = np.zeros((20, 12), dtype=bool)
    mask[2:7, 3:8] = True  # 5 x 5, deepest at its middle
    mask[7:18, 4] = True  # a thin tail that moves the centre of mass, not the centre
    assert centre(mask, rng).tolist() == [4, 5]


def test_border_of_the_picture_counts_as_background(rng: np.random.Generator) -> None:
    assert centre(np.ones((7, 5), dtype=bool), rng)[1] == 2
    assert {tuple(centre(np.ones((7, 5), dtype=bool), rng)) for _ in range(50)} == {(2, 2), (3, 2), (4, 2)}


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.tuples(st.integers(1, 12), st.integers(1, 12)))
def test_centre_is_deepest_in_the_whole_padded_picture(seed: int, shape: tuple[int, int]) -> None:
    random = np.random.default_rng(seed)
    mask = random.random(shape) < 0.7
    mask[0, 0] = True
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    x, y = centre(mask, random).astype(int)
    assert depth[x, y] == depth.max()


def test_centroid_only_where_it_lies_inside(rng: np.random.Generator) -> None:
    square = np.zeros((9, 9), dtype=bool)
    square[2:7, 1:6] = True
    assert CLICKS["centroid"](square, rng).tolist() == [4, 3]
    ring = square.copy()
    ring[3:6, 2:5] = False
    places = {tuple(CLICKS["centroid"](ring, rng).astype(int)) for _ in range(100)}
    assert len(places) > 5
    assert all(ring[place] for place in places)


def test_scattered_is_uniform_without_repeats(rng: np.random.Generator) -> None:
    mask = np.zeros((4, 6), dtype=bool)
    mask[1:3, 2:5] = True
    counts = np.zeros(mask.shape)
    for _ in range(600):
        places = scattered(mask, 2, rng).astype(int)
        assert len({*map(tuple, places)}) == 2
        np.add.at(counts, tuple(places.T), 1)
    assert (counts[~mask] == 0).all()
    assert np.abs(counts[mask] - 200).max() < 60
    assert len(scattered(mask, 99, rng)) == 6


def test_surroundings_are_the_doubled_box_without_the_mask() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[6:10, 8:10] = True  # 4 x 2 becomes 8 x 4
    around = surroundings(mask)
    assert tight(around).tolist() == [[4, 7], [11, 10]]
    assert around.sum() == 8 * 4 - 8
    assert not surroundings(np.ones((3, 4), dtype=bool)).any()
