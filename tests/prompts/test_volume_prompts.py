"""What each strategy in space asks, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.core import PromptSet, UsageError
from samaritan.prompts import Solid, VolumeStrategy, make_strategy

Mask = NDArray[np.bool_]


def ask(text: str, mask: Mask, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> dict[int, PromptSet]:
    strategy = make_strategy(text)
    assert isinstance(strategy, VolumeStrategy)
    return strategy.first(Solid.of(mask, spacing), np.random.default_rng(0))


def correct(
    text: str, ref: Mask, pred: Mask, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> tuple[int, list[float], int]:
    """(slice, [x, y], label) of the one click."""
    strategy = make_strategy(text)
    assert isinstance(strategy, VolumeStrategy)
    ((index, prompt),) = strategy.correct(
        Solid.of(ref, spacing), Solid.of(pred, spacing), np.random.default_rng(0)
    ).items()
    assert prompt.points is not None
    assert len(prompt.points) == 1
    return index, prompt.points.ijk[0, :2].tolist(), int(prompt.points.labels[0])


def corners(prompt: PromptSet) -> list[float]:
    assert prompt.box is not None
    return [*prompt.box.lo[:2].tolist(), *prompt.box.hi[:2].tolist()]


@pytest.fixture
def cone() -> Mask:
    """(20, 16, 12): slices 2..9 show a rectangle that is 11 x 5 on slice 7 and smaller elsewhere."""
    mask = np.zeros((20, 16, 12), bool)
    for k, reach in zip(range(2, 10), (0, 1, 2, 3, 4, 5, 3, 1), strict=True):
        mask[8 - reach : 9 + reach, 5 : 8 if k != 7 else 10, k] = True
    return mask


def test_centre_box_is_on_the_largest_slice_or_the_middle_one(cone: Mask) -> None:
    assert {k: corners(p) for k, p in ask("centre-box", cone).items()} == {7: [3, 5, 13, 9]}
    assert {k: corners(p) for k, p in ask("centre-box:middle", cone).items()} == {6: [4, 5, 12, 7]}
    assert {k: corners(p) for k, p in ask("centre-box:margin=2px", cone).items()} == {7: [1, 3, 15, 11]}


def test_boxes_every_takes_both_ends(cone: Mask) -> None:
    assert list(ask("boxes-every:5", cone)) == [2, 7, 9]
    assert list(ask("boxes-every:7", cone)) == [2, 9]
    assert list(ask("boxes-every:1", cone)) == list(range(2, 10))
    assert corners(ask("boxes-every:5", cone)[2]) == [8, 5, 8, 7]


def test_boxes_every_counts_slices_that_show_the_target(cone: Mask) -> None:
    cone[:, :, 4] = False
    assert list(ask("boxes-every:3", cone)) == [2, 6, 9]


def test_slices_are_spread_evenly(cone: Mask) -> None:
    assert list(ask("slices:1", cone)) == [6]
    assert list(ask("slices:2", cone)) == [4, 8]
    assert list(ask("slices:50", cone)) == list(range(2, 10))


def test_a_box_in_space_is_the_same_on_every_slice_and_one_act(cone: Mask) -> None:
    asked = ask("box3d", cone)
    assert {k: corners(p) for k, p in asked.items()} == {k: [3, 5, 13, 9] for k in range(2, 10)}
    strategy = make_strategy("box3d")
    assert isinstance(strategy, VolumeStrategy)
    assert strategy.interactions(asked) == 1


def test_a_line_is_the_longest_diameter_in_millimetres() -> None:
    mask = np.zeros((20, 20, 3), bool)
    mask[5:15, 9, 1] = True  # 9 pixels along x
    mask[9, 6:13, 1] = True  # 6 along y
    assert {k: corners(p) for k, p in ask("line", mask).items()} == {1: [5, 4.5, 14, 13.5]}
    # pixels twice as high as wide: 12 along y against 9 along x
    assert {k: corners(p) for k, p in ask("line", mask, (1, 2, 1)).items()} == {1: [3, 6, 15, 12]}


def test_a_line_as_points_keeps_those_inside() -> None:
    mask = np.zeros((21, 9, 1), bool)
    mask[0:21, 4] = True
    points = ask("line:points", mask)[0].points
    assert points is not None
    assert points.ijk[:, :2].tolist() == [[10, 4], [5, 4], [15, 4]]
    mask[8:13] = False  # two pieces; the line lies in the larger one, of which the first is taken
    points = ask("line:points", mask)[0].points
    assert points is not None
    assert points.ijk[:, 0].max() <= 7


def test_points_in_space_differ_and_are_grouped_by_slice(cone: Mask) -> None:
    asked = ask("points3d:40", cone)
    places = [(k, *place[:2]) for k, p in asked.items() if p.points for place in p.points.ijk.tolist()]
    assert len(places) == len(set(places)) == 40
    assert len(asked) > 3
    single = np.zeros((4, 4, 4), bool)
    single[1, 2, 3] = True
    assert list(ask("points3d:5", single)) == [3]


def test_depth_is_in_millimetres() -> None:
    """A bar of 9 x 9 x 9 voxels joined to one of 7 x 7 x 25: with slices 0.2 mm thick the first is deeper along slices."""
    mask = np.zeros((30, 30, 40), bool)
    mask[2:11, 2:11, 2:11] = True
    mask[15:20, 15:20, 5:36] = True
    (thick,) = ask("clicks3d:1:start=click", mask, (1, 1, 1))
    assert thick == 6
    (thin,) = ask("clicks3d:1:start=click", mask, (1, 1, 0.2))  # 5 half-slices of 0.2 mm: 1 mm deep against 2.5 mm
    assert thin in range(15, 26)


def test_the_next_click_goes_into_the_largest_error(cone: Mask) -> None:
    pred = cone.copy()
    pred[:, :, 7] = False  # 55 voxels missing
    pred[0:3, 0:3, 0:3] = True  # 27 too many
    index, (x, y), label = correct("clicks3d:3", cone, pred)
    assert (index, y, label) == (7, 7, 1)
    assert 5 <= x <= 11  # the middle of the slice's 11 x 5 pixels, although all 55 voxels are one voxel deep in space
    pred[0:5, 0:5, 0:3] = True  # 75 too many
    assert correct("clicks3d:3", cone, pred) == (1, [2, 2], 0)


def test_a_thin_large_error_comes_before_a_compact_small_one() -> None:
    ref = np.zeros((30, 30, 9), bool)
    ref[5:25, 5:25, 2:7] = True
    pred = ref.copy()
    pred[5:25, 5, 2:7] = False  # 100 voxels, one thick
    pred[26:29, 26:29, 2:7] = True  # 45 voxels, compact
    assert correct("clicks3d:3", ref, pred)[2] == 1


def test_clicks_in_space_begin_with_the_centre_box(cone: Mask) -> None:
    strategy = make_strategy("clicks3d:3")
    assert isinstance(strategy, VolumeStrategy)
    assert strategy.rounds == 4
    assert {k: corners(p) for k, p in ask("clicks3d:3", cone).items()} == {7: [3, 5, 13, 9]}


def test_a_step_is_needed() -> None:
    with pytest.raises(UsageError, match="needs a step"):
        make_strategy("boxes-every")
