from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samaritan.core import Box, MaskHint, Points, PromptError, PromptSet


def test_flat_positions_get_a_slice() -> None:
    points = Points([(1, 2), (3, 4)], [1, 0])
    assert points.ijk.tolist() == [[1, 2, 0], [3, 4, 0]]
    assert points.labels.tolist() == [1, 0]
    assert len(points) == 2
    assert Points((5, 6, 7), 1).ijk.tolist() == [[5, 6, 7]]


def test_prompts_do_not_share_memory_with_the_caller() -> None:
    ijk, corner = np.array([[1.0, 2.0, 3.0]]), np.array([0.0, 0.0, 0.0])
    points, box = Points(ijk, [1]), Box(corner, corner)
    ijk[0, 0] = corner[0] = 99
    assert points.ijk[0, 0] == 1
    assert box.lo[0] == 0


@pytest.mark.parametrize(
    ("ijk", "labels"),
    [
        ([], []),
        ([(1, 2)], [1, 0]),
        ([(1, 2, 3, 4)], [1]),
        ([(1,)], [1]),
        ([[[1, 2]]], [1]),
        ([(1, 2)], [[1]]),
        ([(1, 2)], [2]),
        ([(1, 2)], [-1]),
        ([(1, 2)], [0.5]),
        ([(1, 2), (3,)], [1, 1]),
        ([(1, 2)], [[1], [1, 2]]),
        ([("a", "b")], [1]),
        ([(np.nan, 2)], [1]),
        ([(1, np.inf)], [1]),
    ],
)
def test_unusable_points_are_refused(ijk: Any, labels: Any) -> None:
    with pytest.raises(PromptError):
        Points(ijk, labels)


@pytest.mark.parametrize(
    ("lo", "hi", "reason"),
    [
        ((5, 2), (4, 6), "inverted"),
        ((1, 2, 3), (4, 5, 2), "inverted"),
        ((1, 2), (3, 4, 5), "two corners"),
        ((1,), (3,), "two corners"),
        ((1, np.nan), (3, 4), "finite"),
        ((1, 2), (3, np.inf), "finite"),
        (("a", 2), (3, 4), "numbers"),
    ],
)
def test_unusable_boxes_are_refused(lo: Any, hi: Any, reason: str) -> None:
    with pytest.raises(PromptError, match=reason):
        Box(lo, hi)


def test_box_of_one_pixel_and_of_fractions() -> None:
    assert Box((3, 4), (3, 4)).hi.tolist() == [3, 4, 0]
    assert Box((0.25, 1.5), (7.75, 2)).lo.tolist() == [0.25, 1.5, 0]


def test_hint_from_a_mask() -> None:
    hint = MaskHint.from_mask(np.array([[True, False]]))
    assert hint.logits.dtype == np.float32
    assert hint.logits.tolist() == [[10, -10]]


@pytest.mark.parametrize("logits", [np.zeros(4), np.zeros((2, 2, 2)), np.array([[np.nan]]), np.array([[np.inf]])])
def test_hint_that_is_no_finite_picture_is_refused(logits: Any) -> None:
    with pytest.raises(PromptError, match="mask hint"):
        MaskHint(logits)


def test_hint_on_an_unknown_grid_is_refused() -> None:
    with pytest.raises(PromptError, match="grid"):
        MaskHint(np.zeros((2, 2), np.float32), "world")  # type: ignore[arg-type]


def test_interactions_count_acts_of_a_person() -> None:
    points, box = Points([(1, 1), (2, 2)], [1, 0]), Box((0, 0), (3, 3))
    assert PromptSet().interactions == 0
    assert PromptSet(points).interactions == 2
    assert PromptSet(points, box, MaskHint.from_mask(np.zeros((4, 4)))).interactions == 4
    fed_back = MaskHint(np.zeros((4, 4), np.float32), "model")
    assert PromptSet(points, mask=fed_back).interactions == 2


@pytest.mark.parametrize("place", [(-0.5, 0), (11.5, 7.5), (0, 0, 0.5)])
def test_half_a_voxel_around_the_centre_is_inside(place: tuple[float, ...]) -> None:
    PromptSet(points=Points([place], [1])).check_inside((12, 8))


@pytest.mark.parametrize("place", [(-0.51, 0), (12, 0), (0, 8), (7, 11), (0, 0, 1)])
def test_outside_is_refused_with_what_is_allowed(place: tuple[float, ...]) -> None:
    with pytest.raises(PromptError, match=r"outside the image \(i 0\.\.11, j 0\.\.7, k 0\.\.0\)"):
        PromptSet(points=Points([place], [1])).check_inside((12, 8))


def test_either_corner_of_a_box_may_be_outside() -> None:
    for lo, hi in [((-3, 0), (2, 2)), ((0, 0), (2, 20))]:
        with pytest.raises(PromptError, match="box corner"):
            PromptSet(box=Box(lo, hi)).check_inside((12, 8, 1))
