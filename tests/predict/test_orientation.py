"""The flip alarm: a mask stays where it is in the world, however the voxels happen to be stored."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.core import Box, Geometry, Plane, Points, PromptSet, Volume
from samaritan.models import Segmenter, load_model
from samaritan.predict import predict

from .conftest import ThresholdSegmenter

ORIENTATIONS = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]

#: (x, y, z) voxels in RAS order, 1 x 2 x 4 mm: axial slices, no two axes alike.
SHAPE, SPACING, ORIGIN = (17, 14, 3), (1.0, 2.0, 4.0), (-40.0, 16.0, 8.0)

BOX_MM = np.array([(-36.0, 22.0, 8.0), (-30.0, 34.0, 12.0)])
CLICK_MM = np.array([(-33.0, 28.0, 12.0)])


def ras() -> NDArray[np.float32]:
    data = np.random.default_rng(3).normal(100, 20, SHAPE)
    data[5:10, 4:9] += 200
    return data.astype(np.float32)


def stored(order: tuple[int, ...], signs: tuple[int, ...]) -> Volume:
    data = np.transpose(ras(), order)[tuple(slice(None, None, sign) for sign in signs)]
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    affine[:3, 3] = ORIGIN
    for axis, (world, sign) in enumerate(zip(order, signs, strict=True)):
        affine[world, axis] = sign * SPACING[world]
        affine[world, 3] += 0 if sign == 1 else (SHAPE[world] - 1) * SPACING[world]
    return Volume(data, Geometry(data.shape, affine), "MR")


def back_to_ras(data: NDArray[Any], order: tuple[int, ...], signs: tuple[int, ...]) -> NDArray[Any]:
    return np.transpose(data[tuple(slice(None, None, sign) for sign in signs)], np.argsort(order))


def prompts(geometry: Geometry) -> dict[str, list[PromptSet]]:
    ends = geometry.to_voxel(BOX_MM)
    return {
        "boxed": [PromptSet(box=Box(ends.min(axis=0), ends.max(axis=0)))],
        "clicked": [PromptSet(points=Points(geometry.to_voxel(CLICK_MM), [1]))],
    }


@pytest.fixture(scope="module")
def tiny() -> Segmenter:
    return load_model("tiny-litemedsam")


@pytest.fixture(scope="module")
def wanted(tiny: Segmenter) -> NDArray[Any]:
    volume = stored((0, 1, 2), (1, 1, 1))
    labels = predict(tiny, volume, prompts(volume.geometry), overlap="last").labelmap.data
    assert set(np.unique(labels)) == {0, 1, 2}  # a comparison of empty masks would prove nothing
    assert any(not np.array_equal(labels, np.flip(labels, axis)) for axis in range(3))
    return labels


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_all_48_storage_orders_give_the_same_bits_in_the_world(
    tiny: Segmenter, wanted: NDArray[Any], order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    volume = stored(order, signs)
    found = predict(tiny, volume, prompts(volume.geometry), overlap="last")
    assert found.plane == "axial"
    assert found.labelmap.data.shape == volume.data.shape  # in the input's own order
    assert np.array_equal(found.labelmap.geometry.affine, volume.geometry.affine)
    assert np.array_equal(back_to_ras(found.labelmap.data, order, signs), wanted)


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS[::7])
@pytest.mark.parametrize("plane", ["coronal", "sagittal"])
def test_other_planes_too(tiny: Segmenter, plane: Plane, order: tuple[int, ...], signs: tuple[int, ...]) -> None:
    canonical = stored((0, 1, 2), (1, 1, 1))
    expected = predict(tiny, canonical, prompts(canonical.geometry), plane=plane).labelmap.data
    volume = stored(order, signs)
    found = predict(tiny, volume, prompts(volume.geometry), plane=plane).labelmap.data
    assert np.array_equal(back_to_ras(found, order, signs), expected)


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_marker_on_the_patients_left_stays_there(
    segmenter: ThresholdSegmenter, order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    left_mm = np.array([ORIGIN[0] + 2.0, ORIGIN[1] + 6.0, ORIGIN[2]])  # RAS+: small x is the left
    volume = stored(order, signs)
    place = volume.geometry.to_voxel(left_mm)
    data = np.zeros_like(volume.data)
    data[tuple(place[0].astype(int))] = 200
    marked = Volume(data, volume.geometry)
    found = predict(
        segmenter, marked, {"left": [PromptSet(points=Points(place, [1]))]}, intensity="window:127.5/255"
    ).mask("left")
    assert volume.geometry.to_world(np.argwhere(found)).tolist() == [left_mm.tolist()]


def turned(degrees: float, affine: NDArray[np.float64]) -> NDArray[np.float64]:
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    rotation = np.eye(4)
    rotation[1:3, 1:3] = [[cosine, -sine], [sine, cosine]]
    return np.asarray(rotation @ affine)


@pytest.mark.parametrize("degrees", [1e-4, 30])
def test_oblique_volume_keeps_its_affine_and_is_segmented_along_its_own_slices(
    tiny: Segmenter, wanted: NDArray[Any], degrees: float
) -> None:
    straight = stored((0, 1, 2), (1, 1, 1))
    oblique = Volume(straight.data, Geometry(SHAPE, turned(degrees, straight.geometry.affine)), "MR")
    found = predict(tiny, oblique, prompts(straight.geometry), overlap="last")
    assert np.array_equal(found.labelmap.geometry.affine, oblique.geometry.affine)
    assert np.array_equal(found.labelmap.data, wanted)


@pytest.mark.parametrize("shape", [(1, 9, 7), (9, 1, 7), (9, 7, 1), (1, 1, 7), (1, 1, 1)])
def test_axes_of_one_voxel(tiny: Segmenter, segmenter: ThresholdSegmenter, shape: tuple[int, int, int]) -> None:
    data = np.random.default_rng(0).normal(200, 5, shape).astype(np.float32)
    volume = Volume(data, Geometry.from_spacing(shape, (1, 1, 1)))
    whole = {"all": [PromptSet(box=Box((0, 0, 0), [n - 1 for n in shape]))]}
    assert predict(tiny, volume, whole).labelmap.data.shape == shape
    assert predict(segmenter, volume, whole, intensity="window:128/256").mask("all").all()


def test_thick_slices_have_the_right_volume(segmenter: ThresholdSegmenter) -> None:
    """A ball of radius 20 mm on a 0.5 x 0.5 x 10 mm grid against the sum of its analytic cross sections."""
    spacing, radius = (0.5, 0.5, 10.0), 20.0
    geometry = Geometry.from_spacing((100, 100, 7), spacing)
    i, j, k = np.indices(geometry.shape)
    distance = (i - 50) ** 2 * 0.25 + (j - 50) ** 2 * 0.25 + (k - 3) ** 2 * 100.0
    volume = Volume(np.where(distance <= radius**2, 200, 10).astype(np.int16), geometry, "MR")
    found = predict(segmenter, volume, {"ball": [PromptSet(box=Box((0, 0, 0), (99, 99, 6)))]})
    assert found.plane == "axial"
    analytic = sum(np.pi * (radius**2 - z**2) * 10.0 for z in (-20, -10, 0, 10, 20))
    assert found.mask("ball").sum() * geometry.voxel_volume == pytest.approx(analytic, rel=0.01)
