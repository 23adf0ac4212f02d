from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.annotate.messages import Corners, Point, Prompts, Scribble
from samaritan.annotate.workspace._prompts import along, lower
from samaritan.annotate.workspace.shown import PLANE_AXES, ShownGrid
from samaritan.core import Geometry, PromptError

from .conftest import PSL, SHAPE
from .test_shown import ORIENTATIONS, geometry_of

GRID = ShownGrid(Geometry(SHAPE, PSL))  # shown: 6 to the right, 12 to the front, 10 up


def at(*ijk: float, grid: ShownGrid = GRID) -> tuple[float, float, float]:
    x, y, z = grid.geometry.to_world(ijk)[0].tolist()
    return x, y, z


@settings(max_examples=60)
@given(st.sampled_from(ORIENTATIONS), st.sampled_from(list(PLANE_AXES)), st.data())
def test_a_click_falls_on_its_voxel(orientation: Any, plane: Any, data: st.DataObject) -> None:
    grid = ShownGrid(geometry_of(*orientation))
    voxel = tuple(data.draw(st.integers(0, size - 1)) for size in grid.geometry.shape)
    drawn = lower(grid, plane, Prompts(points=(Point(at=at(*voxel, grid=grid), positive=False),)))
    assert drawn.prompts.points is not None
    assert drawn.prompts.points.labels.tolist() == [0]
    x, y, _ = np.rint(drawn.prompts.points.ijk[0]).astype(int)
    labels = np.zeros(grid.native.shape, np.uint8)
    grid.views[plane].slice(labels, drawn.index)[x, y] = 1
    assert np.argwhere(grid.to_shown(labels)).tolist() == [list(voxel)]


def test_a_box_is_in_order_and_cut_at_the_edge() -> None:
    drawn = lower(GRID, "axial", Prompts(box=Corners(a=at(1, 2, 4), b=at(3, 7, 4))))
    assert drawn.prompts.box is not None
    assert (drawn.prompts.box.lo.tolist(), drawn.prompts.box.hi.tolist()) == ([2, 4, 0], [4, 9, 0])
    over = lower(GRID, "axial", Prompts(box=Corners(a=at(-9, 2, 4), b=at(3, 70, 4))))
    assert over.prompts.box is not None
    assert (over.prompts.box.lo.tolist(), over.prompts.box.hi.tolist()) == ([2, 0, 0], [5, 9, 0])


def test_a_scribble_is_a_few_points_along_it() -> None:
    line = tuple(at(2, j, 3) for j in np.linspace(0, 11, 300))
    drawn = lower(GRID, "axial", Prompts(scribbles=(Scribble(path=line, positive=False),)))
    assert drawn.prompts.points is not None
    assert drawn.prompts.points.labels.tolist() == [0, 0]
    assert np.allclose(drawn.prompts.points.ijk[:, 0], 3)
    assert np.allclose(np.sort(drawn.prompts.points.ijk[:, 1]), [2.75, 8.25])


@pytest.mark.parametrize(("length", "count"), [(0.4, 1), (5, 2), (12, 2), (60, 5), (5000, 8)])
def test_how_many_points_a_line_stands_for(length: float, count: int) -> None:
    """However its positions are spread: a hand that rests at one end does not draw all points there."""
    places = np.concatenate([np.zeros(50), np.linspace(0, length, 20) ** 1.5 / max(length, 1) ** 0.5])
    line = np.column_stack([places, np.full(70, 3.0), np.zeros(70)])
    found = along(line)
    assert len(found) == count
    if count > 1:
        assert np.allclose(np.diff(found[:, 0]), line[-1, 0] / count)


def test_a_lasso_is_a_rough_mask_with_a_box() -> None:
    ring = tuple(at(*ij, 5) for ij in [(1, 2), (4, 2), (4, 8), (1, 8)])
    prompts = lower(GRID, "axial", Prompts(lasso=ring)).prompts
    assert prompts.mask is not None
    assert prompts.box is not None
    hint = prompts.mask.logits > 0
    assert hint[2:4, 4:9].all()
    assert hint.sum() < 40
    assert (prompts.box.lo.tolist(), prompts.box.hi.tolist()) == ([1, 3, 0], [4, 9, 0])
    own = lower(GRID, "axial", Prompts(lasso=ring, box=Corners(a=at(0, 0, 5), b=at(5, 11, 5)))).prompts
    assert own.box is not None
    assert own.box.hi.tolist() == [5, 11, 0]


def test_what_cannot_be_asked_is_a_sentence() -> None:
    with pytest.raises(PromptError, match="There is no prompt"):
        lower(GRID, "axial", Prompts())
    with pytest.raises(PromptError, match="several axial slices"):
        lower(GRID, "axial", Prompts(points=(Point(at=at(1, 1, 1)), Point(at=at(1, 1, 2)))))
    with pytest.raises(PromptError, match="has 10 axial slices"):
        lower(GRID, "axial", Prompts(points=(Point(at=at(1, 1, 11)),)))
    with pytest.raises(PromptError, match="The point lies outside the image"):
        lower(GRID, "axial", Prompts(points=(Point(at=at(6, 1, 1)),)))
    with pytest.raises(PromptError, match="The scribble lies outside"):
        lower(GRID, "axial", Prompts(scribbles=(Scribble(path=(at(1, 1, 1), at(1, -3, 1))),)))
    with pytest.raises(PromptError, match="The box lies outside"):
        lower(GRID, "axial", Prompts(box=Corners(a=at(7, 1, 1), b=at(9, 3, 1))))
    with pytest.raises(PromptError, match="The lasso lies outside"):
        lower(GRID, "axial", Prompts(lasso=(at(7, 1, 1), at(9, 3, 1), at(8, 2, 1))))


def test_a_rounding_beyond_the_edge_is_inside() -> None:
    drawn = lower(GRID, "coronal", Prompts(points=(Point(at=at(5.505, 11.505, 9.505)),)))
    assert drawn.index == 0
    assert drawn.prompts.points is not None
    drawn.prompts.check_inside((6, 10))


def test_a_place_half_way_between_two_slices_is_on_one_of_them() -> None:
    half = Prompts(points=(Point(at=at(1, 1, 4.4999)), Point(at=at(3, 1, 4.5001))))
    assert lower(GRID, "axial", half).index in (4, 5)
