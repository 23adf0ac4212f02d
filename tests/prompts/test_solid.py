from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from samaritan.prompts import Solid, spread


def block(*spans: tuple[int, int], shape: tuple[int, int, int] = (9, 7, 8)) -> Solid:
    mask = np.zeros(shape, bool)
    mask[tuple(slice(a, b) for a, b in spans)] = True
    return Solid.of(mask, (1.0, 1.0, 3.0))


def test_a_solid_is_cropped_and_gives_its_pictures_back() -> None:
    solid = block((2, 5), (1, 6), (3, 5))
    assert (solid.corner, solid.crop.shape, bool(solid)) == ((2, 1, 3), (3, 5, 2), True)
    assert solid.areas == {3: 15, 4: 15}
    picture = solid.picture(4)
    assert picture.shape == (9, 7)
    assert np.argwhere(picture).min(axis=0).tolist() == [2, 1]
    assert picture.sum() == 15
    assert not solid.picture(5).any()


def test_an_empty_solid_is_false_and_has_no_slices() -> None:
    empty = Solid.of(np.zeros((4, 5, 6), bool))
    assert not empty
    assert empty.areas == {}
    assert empty.picture(2).shape == (4, 5)


def test_the_largest_slice_is_the_one_nearest_to_the_middle_among_equals() -> None:
    assert block((2, 5), (1, 6), (1, 6)).largest == 3
    assert block((2, 5), (1, 6), (1, 5)).largest == 2


@given(st.integers(0, 2**12 - 1), st.integers(0, 2**12 - 1))
def test_without_is_the_difference_of_masks(one: int, other: int) -> None:
    mine, theirs = (np.array([bits >> n & 1 for n in range(12)], bool).reshape(2, 3, 2) for bits in (one, other))
    left = Solid.of(mine).without(Solid.of(theirs))
    assert (np.stack([left.picture(k) for k in range(2)], axis=2) == (mine & ~theirs)).all()


def test_spread_takes_the_middles_of_equal_parts() -> None:
    assert spread([4, 5, 6, 7, 8, 9], 3) == [5, 7, 9]
    assert spread([4, 5, 6, 7, 8], 1) == [6]
    assert spread([4, 9], 3) == [4, 9]
