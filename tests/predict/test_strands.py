from __future__ import annotations

import numpy as np
import pytest

from samaritan.core import Box, Geometry, MaskHint, Points, PromptError, PromptSet, SliceView
from samaritan.predict._strands import Strand, strands_of

VIEW = SliceView.of(Geometry.from_spacing((40, 30, 20), (1, 1, 1)), "axial")


def box(low: tuple[int, ...], high: tuple[int, ...]) -> PromptSet:
    return PromptSet(box=Box(low, high))


def click(*place: int, label: int = 1) -> PromptSet:
    return PromptSet(points=Points([place], [label]))


def slices(strand: Strand) -> tuple[list[int], tuple[int, int] | None]:
    return sorted(strand.prompts), strand.bounds


def test_box_with_depth_is_asked_on_its_slices_and_bounds() -> None:
    (strand,) = strands_of(VIEW, {"a": [box((2, 3, 4), (8, 9, 11))]})
    assert slices(strand) == ([4, 5, 6, 7, 8, 9, 10, 11], (4, 11))
    corners = {tuple(prompt.box.lo) for (prompt,) in strand.prompts.values() if prompt.box}
    assert corners == {(2, 3, 0)}


def test_points_within_the_bounds_join_and_others_start_a_strand() -> None:
    prompts = [box((2, 3, 4), (8, 9, 11)), click(5, 5, 6, label=0), click(6, 6, 6), click(30, 20, 15)]
    first, second = strands_of(VIEW, {"a": prompts})
    assert slices(first) == (list(range(4, 12)), (4, 11))
    assert slices(second) == ([15], None)
    ((joined,),) = (first.prompts[6],)
    assert joined.box is not None
    assert joined.points is not None
    assert joined.points.labels.tolist() == [0, 1]
    assert first.target == second.target == "a"


def test_two_boxes_with_depth_are_two_strands_and_a_box_within_stands_beside() -> None:
    kidneys = [box((2, 3, 4), (8, 9, 10)), box((22, 3, 6), (28, 9, 14)), box((20, 20, 5), (25, 25, 5))]
    pair = strands_of(VIEW, {"kidneys": kidneys})
    assert [slices(strand) for strand in pair] == [(list(range(4, 11)), (4, 10)), (list(range(6, 15)), (6, 14))]
    assert len(pair[0].prompts[5]) == 2


def test_points_join_the_nearest_of_the_boxes_that_cross_their_slice() -> None:
    kidneys = [box((2, 2, 6), (10, 10, 18)), box((28, 2, 4), (36, 10, 16))]
    clicks = PromptSet(points=Points([(32, 6, 12), (5, 5, 12), (25, 4, 12)], [1, 1, 0]))
    left, right = strands_of(VIEW, {"kidneys": [*kidneys, clicks]})
    ((one,), (other,)) = (strand.prompts[12] for strand in (left, right))
    assert one.points is not None
    assert one.points.ijk[:, :2].tolist() == [[5, 5]]
    assert other.points is not None
    assert other.points.ijk[:, :2].tolist() == [[32, 6], [25, 4]]
    assert other.points.labels.tolist() == [1, 0]
    assert all(prompt.points is None for k in (11, 13) for prompt in (*left.prompts[k], *right.prompts[k]))


def test_flat_box_and_mask_go_whole_to_the_nearest_strand() -> None:
    kidneys = [box((2, 2, 6), (10, 10, 18)), box((28, 2, 6), (36, 10, 18))]
    hint = PromptSet(Points([(30, 6, 9), (5, 5, 9)], [1, 0]), mask=MaskHint(np.zeros(VIEW.shape, np.float32)))
    left, right = strands_of(VIEW, {"kidneys": [*kidneys, box((24, 12, 12), (27, 20, 12)), hint]})
    assert [len(strand.prompts[12]) for strand in (left, right)] == [1, 2]
    assert (left.prompts[9][0].points, left.prompts[9][0].mask) == (None, None)
    assert right.prompts[9][0].mask is not None
    assert right.prompts[9][0].points is not None
    assert len(right.prompts[9][0].points.labels) == 2


@pytest.mark.parametrize(
    ("places", "bounds"), [((4, 5, 6), (4, 6)), ((4, 5), None), ((4, 5, 7), None), ((4,), None), ((9, 8, 7, 6), (6, 9))]
)
def test_three_prompted_slices_without_a_gap_are_all_there_is(
    places: tuple[int, ...], bounds: tuple[int, int] | None
) -> None:
    (strand,) = strands_of(VIEW, {"a": [box((2, 3, k), (8, 9, k)) for k in places]})
    assert slices(strand) == (sorted(places), bounds)


def test_prompt_outside_names_its_target() -> None:
    with pytest.raises(PromptError, match="Target 'a': The box corner"):
        strands_of(VIEW, {"a": [box((2, 3, 4), (80, 9, 11))]})
