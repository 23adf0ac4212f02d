from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samaritan.core import Box, Geometry, MaskHint, Plane, Points, PromptError, PromptSet, SliceView, UsageError

PLANES: tuple[Plane, ...] = ("axial", "coronal", "sagittal")

#: All 48 ways to store a volume: an order of the axes and a flip of each.
ORIENTATIONS = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]

RAS = np.random.default_rng(0).integers(0, 1000, (3, 4, 5))


def stored(order: tuple[int, ...], signs: tuple[int, ...]) -> tuple[NDArray[Any], Geometry]:
    """The RAS volume above, stored with its axes in another order and direction; the world stays where it is."""
    data = np.transpose(RAS, order)[tuple(slice(None, None, s) for s in signs)]
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, (world, sign) in enumerate(zip(order, signs, strict=True)):
        affine[world, axis] = sign
        affine[world, 3] = 0 if sign == 1 else RAS.shape[world] - 1
    return data, Geometry(data.shape, affine)


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_pictures_do_not_depend_on_the_storage_order(order: tuple[int, ...], signs: tuple[int, ...]) -> None:
    data, geometry = stored(order, signs)
    # Radiological display: the patient's right is left in the picture, front or head at the top.
    wanted = {
        "axial": [RAS[::-1, ::-1, z] for z in range(5)],
        "coronal": [RAS[::-1, y, ::-1] for y in range(4)],
        "sagittal": [RAS[x, ::-1, ::-1].copy() for x in range(3)],
    }
    for plane in PLANES:
        view = SliceView.of(geometry, plane)
        pictures = [view.slice(data, index) for index in range(view.count)]
        assert all(picture.shape == view.shape for picture in pictures)
        if signs[view.axes[2]] == -1:
            pictures = pictures[::-1]
        for picture, expected in zip(pictures, wanted[plane], strict=True):
            assert np.array_equal(picture, expected)


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_positions_follow_the_voxels(order: tuple[int, ...], signs: tuple[int, ...]) -> None:
    data, geometry = stored(order, signs)
    ijk = np.argwhere(np.ones(data.shape))
    for plane in PLANES:
        view = SliceView.of(geometry, plane)
        xyz = view.to_picture(ijk.astype(float))
        for voxel, (x, y, index) in zip(ijk, xyz.astype(int), strict=True):
            assert view.slice(data, index)[x, y] == data[tuple(voxel)]
        assert np.array_equal(view.to_voxel(xyz), ijk)


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS[::5])
def test_insert_undoes_slice(order: tuple[int, ...], signs: tuple[int, ...]) -> None:
    data, geometry = stored(order, signs)
    for plane in PLANES:
        view = SliceView.of(geometry, plane)
        copy = np.zeros_like(data)
        for index in range(view.count):
            view.insert(copy, index, view.slice(data, index))
        assert np.array_equal(copy, data)


def test_slice_keeps_colours_last() -> None:
    data = np.random.default_rng(1).integers(0, 255, (2, 3, 4, 3), dtype=np.uint8)
    view = SliceView.of(Geometry((2, 3, 4), np.eye(4)), "sagittal")
    picture = view.slice(data, 1)
    assert picture.shape == (3, 4, 3)
    assert np.array_equal(picture[0, 0], data[1, 2, 3])


def test_plain_picture_is_seen_as_it_is() -> None:
    view = SliceView.of(Geometry.pixels(7, 5))
    data = np.arange(35).reshape(7, 5, 1)
    assert (view.plane, view.shape, view.count) == ("axial", (7, 5), 1)
    assert np.array_equal(view.slice(data, 0), data[:, :, 0])


@pytest.mark.parametrize(
    ("shape", "spacing", "plane"),
    [
        ((8, 8, 8), (1, 1, 1), "axial"),
        ((8, 8, 8), (1, 1, 3), "axial"),
        ((8, 8, 8), (1, 3, 1), "coronal"),
        ((8, 8, 8), (3, 1, 1), "sagittal"),
        ((8, 8, 8), (1, 1.4, 1), "axial"),
        ((8, 1, 8), (1, 1, 9), "coronal"),  # a single slice is its own plane, whatever its spacing
        ((1, 1, 8), (1, 1, 1), "axial"),
    ],
)
def test_auto_takes_the_plane_of_acquisition(
    shape: tuple[int, int, int], spacing: tuple[float, ...], plane: str
) -> None:
    assert SliceView.of(Geometry.from_spacing(shape, spacing)).plane == plane


def test_spacing_follows_the_axes() -> None:
    view = SliceView.of(Geometry.from_spacing((4, 5, 6), (1, 2, 3)), "coronal")
    assert view.spacing == (1.0, 3.0, 2.0)
    assert (view.shape, view.count) == ((4, 6), 5)


def test_unknown_plane_is_refused() -> None:
    with pytest.raises(UsageError, match="use one of auto, axial"):
        SliceView.of(Geometry.pixels(2, 2), "oblique")  # type: ignore[arg-type]


def test_box_with_depth_goes_to_every_slice_it_crosses() -> None:
    view = SliceView.of(Geometry.from_spacing((10, 8, 6), (1, 1, 4)))
    pieces = view.lower(PromptSet(box=Box((1, 2, 1), (4, 5, 3))))
    assert sorted(pieces) == [1, 2, 3]
    for piece in pieces.values():
        assert piece.box is not None
        assert (piece.box.lo.tolist(), piece.box.hi.tolist()) == ([1, 2, 0], [4, 5, 0])


@pytest.mark.parametrize(
    ("low", "high", "slices"), [(1.5, 3.5, [1, 2, 3, 4]), (2.4, 2.4, [2]), (-0.5, 5.5, [*range(6)])]
)
def test_slices_of_a_box_are_the_same_from_either_end(low: float, high: float, slices: list[int]) -> None:
    for sign in (1, -1):
        affine = np.diag([-1.0, -1.0, sign, 1.0])
        view = SliceView.of(Geometry((4, 4, 6), affine), "axial")
        ends = (low, high) if sign == 1 else (5 - high, 5 - low)
        crossed = sorted(view.lower(PromptSet(box=Box((0, 0, ends[0]), (1, 1, ends[1])))))
        assert (crossed if sign == 1 else sorted(5 - k for k in crossed)) == slices


def test_points_go_to_their_nearest_slices() -> None:
    view = SliceView.of(Geometry.from_spacing((10, 8, 6), (1, 1, 4)))
    pieces = view.lower(PromptSet(points=Points([(1, 1, 0.4), (2, 2, 0.6), (3, 3, 1)], [1, 0, 1])))
    assert sorted(pieces) == [0, 1]
    points = pieces[1].points
    assert points is not None
    assert points.ijk.tolist() == [[2, 2, 0], [3, 3, 0]]
    assert points.labels.tolist() == [0, 1]


def test_point_and_box_on_one_slice_stay_together() -> None:
    view = SliceView.of(Geometry.from_spacing((10, 8, 6), (1, 1, 4)))
    pieces = view.lower(PromptSet(Points([(2, 3, 2)], [1]), Box((1, 2, 1), (4, 5, 2))))
    assert pieces[1].points is None
    assert pieces[2].points is not None
    assert pieces[2].box is not None


@pytest.mark.parametrize("place", [(10, 0, 0), (-0.6, 0, 0), (0, 7.6, 0), (0, 0, 6)])
def test_prompt_outside_is_refused(place: tuple[float, float, float]) -> None:
    view = SliceView.of(Geometry.from_spacing((10, 8, 6), (1, 1, 4)))
    with pytest.raises(PromptError, match="outside the image"):
        view.lower(PromptSet(points=Points([place], [1])))


@given(st.integers(0, 47), st.sampled_from(PLANES), st.data())
@settings(max_examples=40)
def test_lift_undoes_lower(orientation: int, plane: Plane, data: st.DataObject) -> None:
    _, geometry = stored(*ORIENTATIONS[orientation])
    view = SliceView.of(geometry, plane)
    draw = [data.draw(st.integers(0, n - 1)) for n in geometry.shape]
    hint = MaskHint(
        np.random.default_rng(2).normal(size=tuple(np.delete(geometry.shape, view.axes[2]))).astype(np.float32)
    )
    prompt = PromptSet(Points([draw], [1]), Box(draw, draw), hint)
    ((index, piece),) = view.lower(prompt).items()
    back = view.lift(piece, index)
    assert back.points is not None
    assert back.box is not None
    assert back.mask is not None
    assert back.points.ijk.tolist() == [draw]
    assert (back.box.lo.tolist(), back.box.hi.tolist()) == (draw, draw)
    assert np.array_equal(back.mask.logits, hint.logits)


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS[::7])
def test_mask_hint_turns_with_its_slice(order: tuple[int, ...], signs: tuple[int, ...]) -> None:
    data, geometry = stored(order, signs)
    view = SliceView.of(geometry, "axial")
    rough = np.take(data, 1, axis=view.axes[2])
    on_slice = [0.0, 0.0, 0.0]
    on_slice[view.axes[2]] = 1
    pieces = view.lower(PromptSet(Points([on_slice], [1]), mask=MaskHint(rough.astype(np.float32))))
    mask = pieces[1].mask
    assert mask is not None
    assert np.array_equal(mask.logits, view.slice(data, 1))


def test_hint_on_the_networks_grid_is_not_turned() -> None:
    view = SliceView.of(Geometry((4, 6, 1), np.eye(4)), "axial")
    hint = MaskHint(np.arange(16, dtype=np.float32).reshape(4, 4), "model")
    assert view.lower(PromptSet(mask=hint))[0].mask is hint
    assert view.lift(PromptSet(mask=hint), 0).mask is hint


def test_mask_hint_needs_to_belong_to_one_slice() -> None:
    view = SliceView.of(Geometry.from_spacing((4, 5, 3), (1, 1, 4)))
    hint = MaskHint.from_mask(np.zeros((4, 5)))
    with pytest.raises(PromptError, match="one slice"):
        view.lower(PromptSet(mask=hint))
    with pytest.raises(PromptError, match="one slice"):
        view.lower(PromptSet(box=Box((0, 0, 0), (1, 1, 1)), mask=hint))
    with pytest.raises(PromptError, match="shape"):
        view.lower(PromptSet(Points([(0, 0, 0)], [1]), mask=MaskHint.from_mask(np.zeros((5, 4)))))
