from __future__ import annotations

import pytest

from samaritan.core import Box, Geometry, Points, PromptError, PromptSet, SliceView
from samaritan.predict._strands import Strand, strands_of

VIEW = SliceView.of(Geometry.from_spacing((40, 30, 20), (1, 1, 1)), "axial")


def box(low: tuple[int, ...], high: tuple[int, ...]) -> PromptSet:
    return PromptSet(box=Box(low, high))


def click(*place: int, label: int = 1) -> PromptSet:
    return PromptSet(points=Points([place], [label]))


def slices(strand: Strand) -> tuple[list[int], list[int], tuple[int, int] | None]:
    return sorted(strand.prompts), sorted(strand.corrections), strand.bounds


def test_box_with_depth_is_asked_in_the_middle_and_bounds() -> None:
    (strand,) = strands_of(VIEW, {"a": [box((2, 3, 4), (8, 9, 11))]})
    assert slices(strand) == ([8], [], (4, 11))
    ((prompt,),) = strand.prompts.values()
    assert prompt.box is not None
    assert prompt.box.lo.tolist() == [2, 3, 0]


def test_prompts_within_the_bounds_correct_and_others_start_a_strand() -> None:
    prompts = [box((2, 3, 4), (8, 9, 11)), click(5, 5, 6, label=0), click(30, 20, 15)]
    first, second = strands_of(VIEW, {"a": prompts})
    assert slices(first) == ([8], [6], (4, 11))
    assert slices(second) == ([15], [], None)
    assert first.target == second.target == "a"


def test_two_boxes_with_depth_are_two_strands() -> None:
    pair = strands_of(VIEW, {"kidneys": [box((2, 3, 4), (8, 9, 10)), box((22, 3, 6), (28, 9, 14))]})
    assert [slices(strand) for strand in pair] == [([7], [], (4, 10)), ([10], [], (6, 14))]


def test_points_said_together_with_a_deep_box_are_corrections() -> None:
    both = PromptSet(Points([(5, 5, 8), (5, 5, 9)], [1, 0]), Box((2, 3, 4), (8, 9, 11)))
    (strand,) = strands_of(VIEW, {"a": [both]})
    assert slices(strand) == ([8], [9], (4, 11))
    ((prompt,),) = strand.prompts.values()
    assert prompt.points is not None


@pytest.mark.parametrize(
    ("places", "bounds"), [((4, 5, 6), (4, 6)), ((4, 5), None), ((4, 5, 7), None), ((4,), None), ((9, 8, 7, 6), (6, 9))]
)
def test_three_prompted_slices_without_a_gap_are_all_there_is(
    places: tuple[int, ...], bounds: tuple[int, int] | None
) -> None:
    (strand,) = strands_of(VIEW, {"a": [box((2, 3, k), (8, 9, k)) for k in places]})
    assert slices(strand) == (sorted(places), [], bounds)


def test_prompt_outside_names_its_target() -> None:
    with pytest.raises(PromptError, match="Target 'a': The box corner"):
        strands_of(VIEW, {"a": [box((2, 3, 4), (80, 9, 11))]})
