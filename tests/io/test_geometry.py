"""Masks come back voxel for voxel on their grid, whatever its orientation, and left stays left."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samaritan.core import Geometry, LabelMap, Volume
from samaritan.io import read_labels, read_volume, write_labels

SHAPE = (3, 4, 5)
ORIENTATIONS = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]


def affine_of(
    order: tuple[int, ...], signs: tuple[int, ...], spacing: tuple[float, ...] = (0.5, 0.75, 10.0), angle: float = 0.0
) -> NDArray[np.float64]:
    """A RAS+ affine: axes permuted and flipped, then turned about two axes by ``angle`` degrees."""
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, list(order)] * np.array(signs) * np.array(spacing)
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    affine[:3, :3] = turn @ affine[:3, :3]
    affine[:3, 3] = (-71.25, 33.5, 12.125)
    return affine


def labels_on(geometry: Geometry, seed: int = 0) -> LabelMap:
    """Random labels 0..3, no two axes alike."""
    data = np.random.default_rng(seed).integers(0, 4, geometry.shape).astype(np.uint8)
    return LabelMap(data, geometry, {1: "liver", 2: "spleen", 3: "left kidney"})


def marker(geometry: Geometry) -> LabelMap:
    """Label 1 where the patient's left is, 2 where the patient's right is, by world position."""
    ijk = np.indices(geometry.shape).reshape(3, -1).T
    x = geometry.to_world(ijk)[:, 0].reshape(geometry.shape)
    return LabelMap(np.where(x < np.median(x), 1, 2).astype(np.uint8), geometry)


VOLUMES = (".nii", ".nii.gz", ".nrrd", ".mha")
FEW = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


def there_and_back(labelmap: LabelMap, path: Path, like: Volume | None = None) -> None:
    write_labels(labelmap, path, like=like, overwrite=True)
    again = read_labels(path)
    assert np.array_equal(again.data, labelmap.data)
    assert np.allclose(again.geometry.affine, labelmap.geometry.affine, atol=2e-5)
    assert again.geometry.orientation == labelmap.geometry.orientation


@pytest.mark.parametrize("suffix", VOLUMES)
def test_all_48_orientations(suffix: str, tmp_path: Path) -> None:
    assert len(ORIENTATIONS) == 48
    seen = set()
    for number, (order, signs) in enumerate(ORIENTATIONS):
        geometry = Geometry(SHAPE, affine_of(order, signs))
        seen.add(geometry.orientation)
        there_and_back(labels_on(geometry, number), tmp_path / f"m{suffix}")
    assert len(seen) == 48


@FEW
@given(
    which=st.sampled_from(ORIENTATIONS),
    spacing=st.tuples(*[st.floats(0.05, 12)] * 3),
    angle=st.sampled_from([1e-4, 1.0, 30.0, 44.9]),
    suffix=st.sampled_from(VOLUMES),
    seed=st.integers(0, 99),
)
def test_oblique_and_anisotropic(
    tmp_path: Path, which: Any, spacing: tuple[float, ...], angle: float, suffix: str, seed: int
) -> None:
    there_and_back(
        labels_on(Geometry(SHAPE, affine_of(which[0], which[1], spacing, angle)), seed), tmp_path / f"m{suffix}"
    )


@FEW
@given(which=st.sampled_from(ORIENTATIONS), angle=st.sampled_from([0.0, 30.0]), suffix=st.sampled_from(VOLUMES))
def test_nibabel_simpleitk_and_we_agree(tmp_path: Path, which: Any, angle: float, suffix: str) -> None:
    labelmap = labels_on(Geometry(SHAPE, affine_of(which[0], which[1], angle=angle)))
    path = tmp_path / f"m{suffix}"
    write_labels(labelmap, path, overwrite=True)
    image: Any = sitk.ReadImage(str(path))
    assert np.array_equal(sitk.GetArrayFromImage(image).transpose(2, 1, 0), labelmap.data)
    for ijk in np.ndindex(2, 2, 2):
        lps = np.array(image.TransformContinuousIndexToPhysicalPoint([float(n) for n in ijk]))
        assert np.allclose(lps * (-1, -1, 1), labelmap.geometry.to_world(ijk)[0], atol=1e-4)
    if suffix.startswith(".nii"):
        loaded: Any = nibabel.load(path)
        assert np.allclose(loaded.affine, labelmap.geometry.affine, atol=1e-5)
        assert np.array_equal(np.asarray(loaded.dataobj), labelmap.data)


@pytest.mark.parametrize("suffix", VOLUMES)
def test_left_stays_left(suffix: str, tmp_path: Path) -> None:
    first = tmp_path / f"first{suffix}"
    for order, signs in ORIENTATIONS[::5]:
        geometry = Geometry((6, 6, 6), affine_of(order, signs, (2, 2, 2)))
        write_labels(marker(geometry), first, overwrite=True)
        for other in VOLUMES:
            second = tmp_path / f"second{other}"
            write_labels(read_labels(first), second, like=read_volume(first), overwrite=True)
            again = read_labels(second)
            left = again.geometry.to_world(np.argwhere(again.data == 1))[:, 0].max()
            right = again.geometry.to_world(np.argwhere(again.data == 2))[:, 0].min()
            assert left < right


@pytest.mark.parametrize(
    "orientation",
    [(1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 0, -1), (0.6, 0.8, 0, -0.8, 0.6, 0)],
)
def test_left_stays_left_through_dicom(
    orientation: tuple[float, ...], make_series: Callable[..., Path], tmp_path: Path
) -> None:
    volume = read_volume(make_series(np.zeros((6, 7, 8), np.int16), orientation=orientation))
    mask = marker(volume.geometry)
    for name in ("m.dcm", "m.nii.gz", "m.mha"):
        write_labels(mask, tmp_path / name, like=volume)
        again = read_labels(tmp_path / name, like=volume)
        assert np.array_equal(again.data, mask.data)


@pytest.mark.parametrize("suffix", VOLUMES)
def test_mask_on_a_float32_header_stays_on_the_grid_of_its_image(suffix: str, tmp_path: Path) -> None:
    geometry = Geometry(SHAPE, affine_of((0, 1, 2), (-1, -1, 1), (0.1, 1 / 3, 1.7), 13.7))
    write_labels(labels_on(geometry), tmp_path / f"image{suffix}")
    image = read_volume(tmp_path / f"image{suffix}")
    write_labels(labels_on(image.geometry), tmp_path / f"mask{suffix}", like=image)
    assert read_labels(tmp_path / f"mask{suffix}").geometry.mismatch(image.geometry, 1e-6) is None
