from __future__ import annotations

import numpy as np
import pytest

from samaritan.core import Geometry, PromptError, PromptSet, SliceView
from samaritan.prompts import TargetPrompt, parse_box, parse_line, parse_point, to_prompt_sets
from samaritan.prompts._gather import MOST_PROMPTS, MOST_QUESTIONS


def corners(prompt: PromptSet) -> list[list[float]]:
    assert prompt.box is not None
    return [prompt.box.lo.tolist(), prompt.box.hi.tolist()]


def test_a_picture_is_voxels(flat: SliceView) -> None:
    sets = to_prompt_sets([parse_box("50,10,59,39=a"), parse_point("55,12:-=a"), parse_point("7,8=b")], flat)
    (a,), (b,) = sets["a"], sets["b"]
    assert corners(a) == [[50, 10, 0], [59, 39, 0]]
    assert a.points is not None
    assert b.points is not None
    assert (a.points.ijk.tolist(), a.points.labels.tolist()) == ([[55, 12, 0]], [0])
    assert b.points.ijk.tolist() == [[7, 8, 0]]


def test_a_volume_is_turned(volume: SliceView) -> None:
    sets = to_prompt_sets([parse_box("1,2,3,4@6-7"), parse_point("2,3,6")], volume)["target"]
    assert [corners(p) for p in sets] == [[[26, 15, 6], [28, 17, 6]], [[26, 15, 7], [28, 17, 7]]]
    assert sets[0].points is not None
    assert sets[0].points.ijk.tolist() == [[27, 16, 6]]
    assert sets[1].points is None
    back = {index: piece for p in sets for index, piece in volume.lower(p).items()}
    assert sorted(back) == [6, 7]
    assert corners(back[6]) == [[1, 2, 0], [3, 4, 0]]


def test_voxels_and_millimetres_mean_the_same_place(volume: SliceView) -> None:
    voxel = TargetPrompt("t", "here", "voxel", point=(3, 4, 5))
    world = TargetPrompt("t", "here", "mm", point=(-7, 13, 22))
    for item in (voxel, world):
        (prompt,) = to_prompt_sets([item], volume)["t"]
        assert prompt.points is not None
        assert prompt.points.ijk[0] == pytest.approx([3, 4, 5])


def test_a_box_in_millimetres_asks_on_every_slice_it_crosses(volume: SliceView) -> None:
    world = TargetPrompt("t", "here", "mm", box=((-7, 13, 13), (-5, 17, 19)))
    assert [corners(p) for p in to_prompt_sets([world], volume)["t"]] == [[[3, 4, k], [5, 6, k]] for k in (2, 3, 4)]


def test_a_sagittal_plane() -> None:
    view = SliceView.of(Geometry((30, 20, 10), np.diag([1.0, 1, 1, 1])), "sagittal")
    (prompt,) = to_prompt_sets([parse_point("1,2,25")], view)["target"]
    assert prompt.points is not None
    assert prompt.points.ijk.tolist() == [[25, 18, 7]]


def test_points_join_the_box_they_lie_in(flat: SliceView) -> None:
    items = [parse_box("0,0,9,9"), parse_box("30,0,39,9"), parse_point("35,5"), parse_point("12,5:-")]
    first, second = to_prompt_sets(items, flat)["target"]
    assert first.points is not None
    assert second.points is not None
    assert first.points.ijk.tolist() == [[12, 5, 0]]
    assert second.points.ijk.tolist() == [[35, 5, 0]]


@pytest.mark.parametrize(
    ("item", "hint"),
    [
        (parse_box("1,2,60,4"), "lies outside the image, x 0..59, y 0..39, slice 0..0"),
        (parse_point("-1,2"), "outside"),
        (parse_point("39,40"), "outside"),
        (parse_point("1,2,1"), "outside"),
        (parse_box("1,2,3,4@0-1"), "outside"),
        (TargetPrompt("t", "here", "voxel", point=(5, 40)), "outside"),
        (TargetPrompt("t", "here", "mm", point=(1, 2, 3)), "knows no millimetres"),
    ],
)
def test_outside_is_refused(item: TargetPrompt, hint: str, flat: SliceView) -> None:
    with pytest.raises(PromptError, match=hint):
        to_prompt_sets([item], flat)


def test_swapped_coordinates_are_seen_on_a_picture_that_is_not_square(flat: SliceView) -> None:
    to_prompt_sets([parse_point("59,39")], flat)
    with pytest.raises(PromptError, match="outside"):
        to_prompt_sets([parse_point("39,59")], flat)


def test_the_last_pixel_and_half_a_pixel_more(flat: SliceView) -> None:
    to_prompt_sets([parse_box("-0.5,0,59.5,39.5")], flat)
    with pytest.raises(PromptError, match="outside"):
        to_prompt_sets([parse_box("0,0,59.6,39")], flat)


def test_several_slices_need_one_named(volume: SliceView) -> None:
    with pytest.raises(PromptError, match="has 10 slices; say which one, from 0 to 9"):
        to_prompt_sets([parse_box("1,2,3,4")], volume)


def test_nothing_is_refused(flat: SliceView) -> None:
    with pytest.raises(PromptError, match="ask for nothing"):
        to_prompt_sets([], flat)


def test_too_many_points_are_refused(flat: SliceView) -> None:
    item = parse_point("1,2")
    assert len(to_prompt_sets([item] * MOST_PROMPTS, flat)["target"]) == 1
    with pytest.raises(PromptError, match="at most 10000"):
        to_prompt_sets([item] * (MOST_PROMPTS + 1), flat)


@pytest.mark.parametrize(
    ("texts", "hint"),
    [(["3,4", "3,4:-"], "both target and background"), (["3,4:-", "5,6:-"], "background points only")],
)
def test_contradictions_are_refused(texts: list[str], hint: str, flat: SliceView) -> None:
    with pytest.raises(PromptError, match=hint):
        to_prompt_sets([parse_point(text) for text in texts], flat)


@pytest.mark.slow
def test_endless_boxes_are_refused() -> None:
    view = SliceView.of(Geometry.from_spacing((2, 2, 1000), (1, 1, 1)), "axial")
    with pytest.raises(PromptError, match=f"more than {MOST_QUESTIONS} slices"):
        to_prompt_sets([parse_box("0,0,1,1@0-999")] * (MOST_QUESTIONS // 1000 + 1), view)


def test_a_box_with_depth_can_stay_whole(volume: SliceView) -> None:
    items = [parse_point("2,3,6:-"), parse_box("1,2,3,4@5-7"), parse_box("1,2,3,4@9")]
    deep, click, flat = to_prompt_sets(items, volume, keep_depth=True)["target"]
    assert corners(deep) == [[26, 15, 5], [28, 17, 7]]
    assert deep.text == "target"
    assert click.points is not None
    assert click.points.labels.tolist() == [0]  # says something about what the box finds there
    assert corners(flat) == [[26, 15, 9], [28, 17, 9]]
    assert sorted(volume.lower(deep)) == [5, 6, 7]


def test_background_points_beyond_a_deep_box_are_refused(volume: SliceView) -> None:
    items = [parse_point("2,3,8:-"), parse_box("1,2,3,4@5-7")]
    with pytest.raises(PromptError, match="background points only"):
        to_prompt_sets(items, volume, keep_depth=True)


def test_a_line_is_a_square_around_its_middle(flat: SliceView) -> None:
    (prompt,) = to_prompt_sets([parse_line("20,10,26,18=a")], flat)["a"]
    assert corners(prompt) == [[18, 9, 0], [28, 19, 0]]
    (edge,) = to_prompt_sets([parse_line("1,20,1,30=a")], flat)["a"]
    assert corners(edge) == [[0, 20, 0], [6, 30, 0]]


def test_a_line_is_measured_in_millimetres(volume: SliceView) -> None:
    (prompt,) = to_prompt_sets([parse_line("10,10,18,10@4")], volume)["target"]
    ((index, piece),) = volume.lower(prompt).items()
    assert (index, corners(piece)) == (4, [[10, 8, 0], [18, 12, 0]])  # pixels are 1 x 2 mm
    world = TargetPrompt("t", "here", "mm", line=((0, 23, 19), (8, 23, 19)))
    ((found),) = to_prompt_sets([world], volume)["t"]
    assert corners(volume.lower(found)[4])[1][0] - corners(volume.lower(found)[4])[0][0] == 8


def test_a_line_through_slices_is_refused(volume: SliceView) -> None:
    line = TargetPrompt("t", "here", "voxel", line=((3, 4, 2), (9, 4, 5)))
    with pytest.raises(PromptError, match=r"here: both ends of a line lie on one slice; received slices \[2, 5\]"):
        to_prompt_sets([line], volume)
