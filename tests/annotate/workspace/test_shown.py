from __future__ import annotations

import base64
import zlib
from itertools import permutations, product
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from samaritan.annotate.messages import Patch
from samaritan.annotate.workspace.shown import PLANE_AXES, ShownGrid, label_bytes, plane_name, write_shown
from samaritan.core import Geometry, UsageError, Volume

SHAPE = (3, 4, 5)
ORIENTATIONS = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]


def geometry_of(order: tuple[int, ...], signs: tuple[int, ...], turn: NDArray[np.float64] | None = None) -> Geometry:
    """A grid with one of the 48 orders of its axes, perhaps turned by less than what would make another order nearer."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, (world, sign) in enumerate(zip(order, signs, strict=True)):
        affine[world, axis] = sign * (1.0 + 0.5 * axis)
    if turn is not None:
        affine[:3, :3] = turn @ affine[:3, :3]
    affine[:3, 3] = (-20.0, 7.5, 100.0)
    return Geometry(SHAPE, affine)


turns = st.tuples(*(st.floats(-1, 1) for _ in range(3))).map(
    lambda v: Rotation.from_rotvec(0.4 * np.array(v) / np.sqrt(3)).as_matrix()
)


@settings(max_examples=150)
@given(st.sampled_from(ORIENTATIONS), st.none() | turns, st.sampled_from(list(PLANE_AXES)), st.data())
def test_places_stay_where_they_are(
    orientation: Any, turn: NDArray[np.float64] | None, plane: Any, data: st.DataObject
) -> None:
    grid = ShownGrid(geometry_of(orientation[0], orientation[1], turn))
    assert grid.geometry.orientation == "RAS"
    native = np.arange(60, dtype=np.uint8).reshape(SHAPE)
    shown = grid.to_shown(native)
    assert shown.shape == grid.geometry.shape
    assert np.array_equal(grid.to_native(shown), native)
    voxel = tuple(data.draw(st.integers(0, size - 1)) for size in shown.shape)
    world = grid.geometry.to_world(voxel)
    stored = np.rint(grid.native.to_voxel(world)[0]).astype(int)
    assert native[tuple(stored)] == shown[voxel]
    view = grid.views[plane]
    index = int(np.rint(view.to_picture(stored[None].astype(float))[0, 2]))
    assert grid.index(plane, index) == voxel[PLANE_AXES[plane]]
    assert grid.index(plane, grid.index(plane, index)) == index


def unpacked(patch: Patch) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.decompress(base64.b64decode(patch.data)), np.uint8).reshape(patch.shape, order="F")


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_patches_update_the_array_that_the_page_has(order: tuple[int, ...], signs: tuple[int, ...]) -> None:
    grid = ShownGrid(geometry_of(order, signs))
    before, after = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    low, shape = (1, 0, 2), (2, 3, 2)
    after[1:3, 0:3, 2:4] = np.arange(1, 13).reshape(shape)
    page = np.frombuffer(label_bytes(grid, before), np.uint8).reshape(grid.geometry.shape, order="F").copy()
    patch = grid.patch(after, low, shape)
    page[tuple(slice(a, a + n) for a, n in zip(patch.low, patch.shape, strict=True))] = unpacked(patch)
    assert page.tobytes(order="F") == label_bytes(grid, after)


@pytest.mark.parametrize("plane", list(PLANE_AXES))
@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS[::5])
def test_a_slice_as_a_patch(plane: Any, order: tuple[int, ...], signs: tuple[int, ...]) -> None:
    grid = ShownGrid(geometry_of(order, signs))
    view = grid.views[plane]
    mask = np.random.default_rng(1).random(view.shape) > 0.5
    whole = np.zeros(SHAPE, np.uint8)
    view.insert(whole, 1, mask)
    patch = grid.slice_patch(plane, 1, mask)
    assert patch.low[PLANE_AXES[plane]] == grid.index(plane, 1)
    box = tuple(slice(a, a + n) for a, n in zip(patch.low, patch.shape, strict=True))
    assert np.array_equal(grid.to_shown(whole)[box], unpacked(patch))
    assert unpacked(patch).sum() == mask.sum()


@pytest.mark.parametrize(
    ("kind", "low", "high", "stored"),
    [
        (np.uint8, 0, 255, np.uint8), (np.int16, -1024, 3071, np.int16), (np.uint16, 0, 65535, np.uint16),
        (np.int32, -1024, 3071, np.int16), (np.int64, 0, 255, np.uint8), (np.uint32, 0, 40000, np.uint16),
        (np.int32, -70000, 70000, np.float32), (np.float64, -0.5, 2.5, np.float32), (np.float32, 0, 1, np.float32),
        (np.int8, -100, 100, np.int16),
    ],
)  # fmt: skip
@pytest.mark.parametrize("orientation", [ORIENTATIONS[13], ORIENTATIONS[46]])
def test_the_copy_for_the_viewer(
    kind: Any, low: float, high: float, stored: Any, orientation: Any, tmp_path: Path
) -> None:
    geometry = geometry_of(orientation[0], orientation[1], Rotation.from_rotvec([0.1, 0.2, -0.1]).as_matrix())
    data = np.linspace(low, high, 60).reshape(SHAPE).astype(kind)
    grid = ShownGrid(geometry)
    checksum = write_shown(Volume(data, geometry), grid, tmp_path / "shown.nii")
    image: Any = nibabel.load(tmp_path / "shown.nii")
    assert image.get_data_dtype() == stored
    assert np.allclose(image.affine, grid.geometry.affine)
    assert np.array_equal(np.asarray(image.dataobj), grid.to_shown(data).astype(stored))
    assert np.allclose(image.header.get_qform(), image.header.get_sform(), atol=1e-4)
    assert (tmp_path / "shown.nii").stat().st_size == 352 + 60 * np.dtype(stored).itemsize
    assert write_shown(Volume(data, geometry), grid, tmp_path / "shown.nii") == checksum
    data[1, 1, 1] += 1
    assert write_shown(Volume(data, geometry), grid, tmp_path / "shown.nii") != checksum


def test_colours_become_rgb24(tmp_path: Path) -> None:
    data = np.random.default_rng(2).integers(0, 255, (7, 5, 1, 3), dtype=np.uint8)
    geometry = Geometry.pixels(7, 5)
    write_shown(Volume(data, geometry), ShownGrid(geometry), tmp_path / "shown.nii")
    image: Any = nibabel.load(tmp_path / "shown.nii")
    found = np.asarray(image.dataobj)
    assert found.dtype.names == ("R", "G", "B")
    # in "RAS" of a picture x runs to the right and y upwards, so both are turned
    assert np.array_equal(np.stack([found[name] for name in "RGB"], axis=-1), data[::-1, ::-1])
    assert np.allclose(image.affine[:3, :3], np.eye(3))


def test_a_plane_must_be_named() -> None:
    assert plane_name("coronal") == "coronal"
    with pytest.raises(UsageError, match="named"):
        plane_name("auto")
