from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.core import Geometry, GeometryError

ALL_CODES = [
    "".join(letters[direction] for letters, direction in zip(axes, directions, strict=True))
    for axes in permutations(("LR", "PA", "IS"))
    for directions in product((0, 1), repeat=3)
]


def affine_of(code: str, spacing: tuple[float, ...] = (1, 2, 3)) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, letter in enumerate(code):
        world = next(w for w, letters in enumerate(("LR", "PA", "IS")) if letter in letters)
        affine[world, axis] = spacing[axis] * (1 if letter in "RAS" else -1)
    affine[:3, 3] = (5, -7, 11)
    return affine


def rotation(degrees: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(4)
    matrix[:2, :2] = [[cosine, -sine], [sine, cosine]]
    return matrix


def broken(place: tuple[int, int], value: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    affine = np.eye(4)
    affine[place] = value
    return affine


@pytest.mark.parametrize("code", ALL_CODES)
def test_orientation_of_all_48(code: str) -> None:
    geometry = Geometry((2, 3, 4), affine_of(code))
    assert geometry.orientation == code
    assert geometry.spacing == (1.0, 2.0, 3.0)
    assert geometry.voxel_volume == pytest.approx(6)


@pytest.mark.parametrize("degrees", [1e-4, 30, 44.9, 45.1, 90, 200])
def test_oblique_grids_keep_their_affine_and_name_each_axis_once(degrees: float) -> None:
    affine = rotation(degrees) @ affine_of("LPS")
    geometry = Geometry((2, 3, 4), affine)
    assert np.array_equal(geometry.affine, affine)
    assert np.allclose(geometry.spacing, (1, 2, 3))
    assert sorted(world for world, _ in geometry.world_axes) == [0, 1, 2]
    if degrees < 45:
        assert geometry.orientation == "LPS"


def test_exactly_45_degrees_is_still_a_permutation() -> None:
    turned = rotation(45) @ affine_of("RAS", (1, 1, 1))
    assert sorted(w for w, _ in Geometry((2, 2, 2), turned).world_axes) == [0, 1, 2]


@given(st.sampled_from(ALL_CODES), st.floats(-180, 180), st.integers(0, 2**31))
@settings(max_examples=30)
def test_world_and_voxel_positions_are_inverse(code: str, degrees: float, seed: int) -> None:
    geometry = Geometry((5, 6, 7), rotation(degrees) @ affine_of(code))
    ijk = np.random.default_rng(seed).uniform(-3, 9, (6, 3))
    assert np.allclose(geometry.to_voxel(geometry.to_world(ijk)), ijk, atol=1e-9)


def test_to_world_by_hand() -> None:
    geometry = Geometry((4, 4, 4), affine_of("LPS"))
    assert geometry.to_world([(1, 1, 1)]).tolist() == [[4, -9, 14]]
    assert geometry.to_world((0, 0, 0)).tolist() == [[5, -7, 11]]


def test_pixels_run_right_and_down() -> None:
    geometry = Geometry.pixels(640, 480)
    assert (geometry.shape, geometry.unit, geometry.orientation) == ((640, 480, 1), "px", "LPS")
    assert geometry.spacing == (1.0, 1.0, 1.0)


def test_affine_cannot_be_changed_from_outside() -> None:
    affine = affine_of("RAS")
    geometry = Geometry((2, 2, 2), affine)
    affine[0, 0] = 99
    assert geometry.affine[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        geometry.affine[0, 0] = 99


@pytest.mark.parametrize("shape", [(0, 4, 4), (4, 4), (4, 4, 4, 1), (4, -1, 4)])
def test_empty_or_wrong_axes_are_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(GeometryError, match="at least 1 voxel"):
        Geometry(shape, np.eye(4))


@pytest.mark.parametrize(
    ("affine", "reason"),
    [
        (np.eye(3), "4 x 4"),
        (broken((0, 0), np.nan), "finite"),
        (broken((1, 3), np.inf), "finite"),
        (broken((3, 0), 1), "last row"),
        (broken((0, 0), 0), "singular"),
        (np.diag([0.0, 0, 0, 1]), "singular"),
        (broken((0, 1), 0.2), "sheared"),
    ],
)
def test_unusable_affines_are_refused(affine: np.ndarray[tuple[int, ...], np.dtype[np.float64]], reason: str) -> None:
    with pytest.raises(GeometryError, match=reason):
        Geometry((2, 2, 2), affine)


def test_tiny_shear_of_rounded_headers_is_accepted_and_kept() -> None:
    affine = broken((0, 1), 5e-4)
    assert np.array_equal(Geometry((2, 2, 2), affine).affine, affine)


def test_one_grid_matches_itself_within_the_tolerance() -> None:
    grid = Geometry((4, 5, 6), affine_of("LPS"))
    shifted = affine_of("LPS")
    shifted[0, 3] += 1e-5
    assert grid.mismatch(grid) is None
    assert grid.mismatch(Geometry((4, 5, 6), shifted)) is None


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Geometry((4, 5, 7), affine_of("LPS")), "shape (4, 5, 6) against (4, 5, 7)"),
        (Geometry((4, 5, 6), affine_of("LPS", (1, 2, 3.5))), "spacing (1.0, 2.0, 3.0) against (1.0, 2.0, 3.5) mm"),
        (Geometry((4, 5, 6), affine_of("RPS")), "orientation LPS against RPS"),
        (Geometry((4, 5, 6), affine_of("LPS") + broken((1, 3), 1e-2) - np.eye(4)), "position"),
    ],
)
def test_mismatch_says_what_differs(other: Geometry, words: str) -> None:
    found = Geometry((4, 5, 6), affine_of("LPS")).mismatch(other)
    assert found is not None
    assert words in found


def test_small_turn_shows_at_the_far_corner() -> None:
    grid = Geometry((400, 400, 3), np.eye(4))
    found = grid.mismatch(Geometry((400, 400, 3), rotation(0.01) @ np.eye(4)))
    assert found is not None
    assert found.startswith("position")


def test_where_spacing_is_unknown_only_shapes_are_compared() -> None:
    assert Geometry.pixels(4, 5).mismatch(Geometry((4, 5, 1), np.eye(4) * [3, 3, 3, 1])) is None
    assert Geometry.pixels(4, 5).mismatch(Geometry.pixels(5, 4)) is not None
