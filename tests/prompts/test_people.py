"""Prompts of people: arguments, files, and what becomes of them on a view."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samaritan.core import FormatError, Geometry, InputError, PromptError, PromptSet, ResourceError, SliceView
from samaritan.prompts import TargetPrompt, parse_box, parse_point, read_prompts, to_prompt_sets
from samaritan.prompts._target import MOST_POINTS, Runs


@pytest.fixture
def flat() -> SliceView:
    """A picture of 60 x 40 pixels."""
    return SliceView.of(Geometry.pixels(60, 40))


@pytest.fixture
def volume() -> SliceView:
    """RAS voxels of 1 x 2 x 3 mm, seen axially: x = 29 - i, y = 19 - j, slice = k."""
    affine = np.array([[1.0, 0, 0, -10], [0, 2, 0, 5], [0, 0, 3, 7], [0, 0, 0, 1]])
    return SliceView.of(Geometry((30, 20, 10), affine), "axial")


def corners(prompt: PromptSet) -> list[list[float]]:
    assert prompt.box is not None
    return [prompt.box.lo.tolist(), prompt.box.hi.tolist()]


def write(path: Path, content: object) -> Path:
    file = path / "prompts.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


class TestArguments:
    @pytest.mark.parametrize(
        ("text", "target", "box"),
        [
            ("1,2,3,4", "target", ((1, 2), (3, 4))),
            ("1.5,2,3,4=left lung", "left lung", ((1.5, 2), (3, 4))),
            ("1,2,3,4@7", "target", ((1, 2, 7), (3, 4, 7))),
            (" 1, 2 ,3,4@7-9 = liver", "liver", ((1, 2, 7), (3, 4, 9))),
            ("1,2,3,4=a@b=c", "a@b=c", ((1, 2), (3, 4))),
        ],
    )
    def test_box(self, text: str, target: str, box: Any) -> None:
        found = parse_box(text)
        assert (found.target, found.box, found.frame) == (target, box, "picture")

    @pytest.mark.parametrize(
        ("text", "target", "point", "label"),
        [
            ("5,6", "target", (5, 6), 1),
            ("5,6:-", "target", (5, 6), 0),
            ("5,6,7:+=liver", "liver", (5, 6, 7), 1),
            ("5,6,7:-=liver:2", "liver:2", (5, 6, 7), 0),
        ],
    )
    def test_point(self, text: str, target: str, point: Any, label: int) -> None:
        found = parse_point(text)
        assert (found.target, found.point, found.label) == (target, point, label)

    def test_name_where_none_is_said(self) -> None:
        assert parse_box("1,2,3,4", target="lesion").target == "lesion"
        assert parse_point("1,2=a", target="lesion").target == "a"

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ("1,2,3", "received 3 numbers, allowed are 4"),
            ("1,2,3,x", "not a number; write X0,Y0,X1,Y1"),
            ("1,2,3,", "not a number"),
            ("1,2,3,nan", "finite"),
            ("1,2,3,inf", "finite"),
            ("5,2,3,4", "inverted.*smaller corner first"),
            ("1,2,3,4@9-7", "inverted"),
            ("1,2,3,4@-1", "is no slice"),
            ("1,2,3,4@", "is no slice"),
            ("1,2,3,4=", "name is empty"),
            ("", "not a number"),
        ],
    )
    def test_bad_box(self, text: str, hint: str) -> None:
        with pytest.raises(PromptError, match=hint):
            parse_box(text)

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ("1", "allowed are 2 or 3"),
            ("1,2,3,4", "allowed are 2 or 3"),
            ("1,2:x", "is no sign"),
            ("a,b", "not a number"),
        ],
    )
    def test_bad_point(self, text: str, hint: str) -> None:
        with pytest.raises(PromptError, match=hint):
            parse_point(text)


class TestOnAView:
    def test_a_picture_is_voxels(self, flat: SliceView) -> None:
        sets = to_prompt_sets([parse_box("50,10,59,39=a"), parse_point("55,12:-=a"), parse_point("7,8=b")], flat)
        (a,), (b,) = sets["a"], sets["b"]
        assert corners(a) == [[50, 10, 0], [59, 39, 0]]
        assert a.points is not None
        assert b.points is not None
        assert (a.points.ijk.tolist(), a.points.labels.tolist()) == ([[55, 12, 0]], [0])
        assert b.points.ijk.tolist() == [[7, 8, 0]]

    def test_a_volume_is_turned(self, volume: SliceView) -> None:
        sets = to_prompt_sets([parse_box("1,2,3,4@6-7"), parse_point("2,3,6")], volume)["target"]
        assert [corners(p) for p in sets] == [[[26, 15, 6], [28, 17, 6]], [[26, 15, 7], [28, 17, 7]]]
        assert sets[0].points is not None
        assert sets[0].points.ijk.tolist() == [[27, 16, 6]]
        assert sets[1].points is None
        back = {index: piece for p in sets for index, piece in volume.lower(p).items()}
        assert sorted(back) == [6, 7]
        assert corners(back[6]) == [[1, 2, 0], [3, 4, 0]]

    def test_voxels_and_millimetres_mean_the_same_place(self, volume: SliceView) -> None:
        voxel = TargetPrompt("t", "here", "voxel", point=(3, 4, 5))
        world = TargetPrompt("t", "here", "mm", point=(-7, 13, 22))
        for item in (voxel, world):
            (prompt,) = to_prompt_sets([item], volume)["t"]
            assert prompt.points is not None
            assert prompt.points.ijk[0] == pytest.approx([3, 4, 5])

    def test_a_box_in_millimetres_asks_on_every_slice_it_crosses(self, volume: SliceView) -> None:
        world = TargetPrompt("t", "here", "mm", box=((-7, 13, 13), (-5, 17, 19)))
        assert [corners(p) for p in to_prompt_sets([world], volume)["t"]] == [[[3, 4, k], [5, 6, k]] for k in (2, 3, 4)]

    def test_a_sagittal_plane(self) -> None:
        view = SliceView.of(Geometry((30, 20, 10), np.diag([1.0, 1, 1, 1])), "sagittal")
        (prompt,) = to_prompt_sets([parse_point("1,2,25")], view)["target"]
        assert prompt.points is not None
        assert prompt.points.ijk.tolist() == [[25, 18, 7]]

    def test_points_join_the_box_they_lie_in(self, flat: SliceView) -> None:
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
    def test_outside_is_refused(self, item: TargetPrompt, hint: str, flat: SliceView) -> None:
        with pytest.raises(PromptError, match=hint):
            to_prompt_sets([item], flat)

    def test_swapped_coordinates_are_seen_on_a_picture_that_is_not_square(self, flat: SliceView) -> None:
        to_prompt_sets([parse_point("59,39")], flat)
        with pytest.raises(PromptError, match="outside"):
            to_prompt_sets([parse_point("39,59")], flat)

    def test_the_last_pixel_and_half_a_pixel_more(self, flat: SliceView) -> None:
        to_prompt_sets([parse_box("-0.5,0,59.5,39.5")], flat)
        with pytest.raises(PromptError, match="outside"):
            to_prompt_sets([parse_box("0,0,59.6,39")], flat)

    def test_several_slices_need_one_named(self, volume: SliceView) -> None:
        with pytest.raises(PromptError, match="has 10 slices; say which one, from 0 to 9"):
            to_prompt_sets([parse_box("1,2,3,4")], volume)

    def test_nothing_is_refused(self, flat: SliceView) -> None:
        with pytest.raises(PromptError, match="ask for nothing"):
            to_prompt_sets([], flat)

    def test_too_many_points_are_refused(self, flat: SliceView) -> None:
        item = parse_point("1,2")
        assert len(to_prompt_sets([item] * MOST_POINTS, flat)["target"]) == 1
        with pytest.raises(PromptError, match="at most 10000"):
            to_prompt_sets([item] * (MOST_POINTS + 1), flat)

    @pytest.mark.parametrize(
        ("texts", "hint"),
        [(["3,4", "3,4:-"], "both target and background"), (["3,4:-", "5,6:-"], "background points only")],
    )
    def test_contradictions_are_refused(self, texts: list[str], hint: str, flat: SliceView) -> None:
        with pytest.raises(PromptError, match=hint):
            to_prompt_sets([parse_point(text) for text in texts], flat)


class TestFile:
    def test_everything_at_once(self, tmp_path: Path, volume: SliceView) -> None:
        runs = [20 * 3 + 5, 4, 600 - 69]  # four pixels of column 3
        content = {
            "coordinates": "picture",
            "targets": [
                {
                    "name": "liver",
                    "boxes": [{"from": [1, 2, 6], "to": [8, 9, 7]}],
                    "points": [{"at": [3, 5, 6]}, {"at": [8, 3, 6], "label": 0}],
                    "masks": [{"slice": 6, "shape": [30, 20], "runs": runs}],
                },
                {"name": "spleen", "points": [{"at": [3, 4, 2]}]},
            ],
        }
        sets = to_prompt_sets(read_prompts(write(tmp_path, content)), volume)
        assert {name: len(found) for name, found in sets.items()} == {"liver": 2, "spleen": 1}
        (lowered,) = volume.lower(sets["liver"][0]).items()
        index, piece = lowered
        assert index == 6
        assert corners(piece) == [[1, 2, 0], [8, 9, 0]]
        assert piece.points is not None
        assert piece.points.labels.tolist() == [1, 0]
        assert piece.mask is not None
        assert np.argwhere(piece.mask.logits > 0).tolist() == [[3, 5], [3, 6], [3, 7], [3, 8]]

    def test_example_in_the_documentation(self, tmp_path: Path) -> None:
        from samaritan.prompts import _file

        text = (_file.__doc__ or "").split("\n\n")[1]
        items = read_prompts(write(tmp_path, text))
        assert [item.origin.split(": ")[1] for item in items] == [
            "targets.0.boxes.0", "targets.0.points.0", "targets.0.points.1", "targets.0.masks.0",
        ]  # fmt: skip
        view = SliceView.of(Geometry.from_spacing((128, 128, 20), (1, 1, 1)), "axial")
        assert len(to_prompt_sets(items, view)["liver"]) == 4

    @pytest.mark.parametrize(
        ("targets", "hint"),
        [
            ([{"name": "a", "points": [{"at": [1, "2"]}]}], r"targets\.0\.points\.0\.at\.1: .*number"),
            ([{"name": "a", "points": [{"at": [1, 2], "lable": 0}]}], r"targets\.0\.points\.0\.lable: Extra"),
            ([{"name": "a", "points": [{"at": [1, 2], "label": 2}]}], r"targets\.0\.points\.0\.label"),
            ([{"name": "a", "points": [{"at": [1, 2], "label": True}]}], r"targets\.0\.points\.0\.label"),
            ([{"name": "a", "points": [{"at": [1]}]}], r"targets\.0\.points\.0: a place .* 2 or 3"),
            ([{"name": "a", "points": [{"at": []}]}], r"targets\.0\.points\.0: a place .* 2 or 3"),
            ([{"name": "a", "boxes": [{"from": [1, 2]}]}], r"targets\.0\.boxes\.0\.to: Field required"),
            ([{"name": "a", "boxes": [{"from": [1, 2], "to": [3, 4, 5]}]}], r"equally many"),
            ([{"name": "a", "boxes": [{"from": [5, 5], "to": [3, 6]}]}], r"targets\.0\.boxes\.0: the box is inverted"),
            ([{"name": "a", "masks": [{"shape": [3, 3], "runs": [8]}]}], r"targets\.0\.masks\.0: .*3 x 3 = 9 pixels"),
            ([{"name": "a", "masks": [{"shape": [3, 3], "runs": [9]}]}], r"show a target"),
            ([{"name": "", "points": [{"at": [1, 2]}]}], r"targets\.0\.name"),
            ([{"name": "a"}], r"targets\.0: target 'a' has no prompt"),
            ([], "ask for nothing"),
            ({}, r"targets: .*tuple"),
        ],
    )
    def test_faults_are_named_by_their_key(self, targets: Any, hint: str, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=hint):
            read_prompts(write(tmp_path, {"targets": targets}))

    @pytest.mark.parametrize(
        ("text", "error", "hint"),
        [
            ("{", FormatError, "not valid JSON"),
            ("", FormatError, "not valid JSON"),
            ("[" * 100_000, FormatError, "not valid JSON"),
            ('{"targets": [], "targets": []}', FormatError, "'targets' appears twice"),
            ('{"targets": [{"name": "a", "points": [{"at": [1, NaN]}]}]}', InputError, r"at\.1: .*finite"),
            ('{"targets": [{"name": "a", "points": [{"at": [1, 1e999]}]}]}', InputError, r"at\.1: .*finite"),
            ('{"targets": [], "coordinates": "lps"}', InputError, "coordinates: .*picture.*voxel.*mm"),
            ('{"targets": [], "spacing": 1}', InputError, "spacing: Extra"),
            ("[]", InputError, "content"),
        ],
    )
    def test_broken_files_are_refused(self, text: str, error: type[InputError], hint: str, tmp_path: Path) -> None:
        with pytest.raises(error, match=hint):
            read_prompts(write(tmp_path, text))

    def test_not_text(self, tmp_path: Path) -> None:
        file = tmp_path / "prompts.json"
        file.write_bytes(b"\x89PNG\r\n\xff\xfe")
        with pytest.raises(FormatError, match="not valid JSON"):
            read_prompts(file)

    def test_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(ResourceError, match=r"nowhere\.json"):
            read_prompts(tmp_path / "nowhere.json")

    def test_too_many_points(self, tmp_path: Path) -> None:
        points = [{"at": [n % 50, n // 50]} for n in range(MOST_POINTS + 1)]
        with pytest.raises(PromptError, match="10001 points"):
            read_prompts(write(tmp_path, {"targets": [{"name": "a", "points": points}]}))


class TestMasks:
    def item(self, slice_index: int | None = None, shape: tuple[int, int] = (60, 40)) -> TargetPrompt:
        return TargetPrompt("t", "here", mask=Runs(shape, (3, 5, shape[0] * shape[1] - 8), slice_index))

    def test_alone_on_a_picture(self, flat: SliceView) -> None:
        (prompt,) = to_prompt_sets([self.item()], flat)["t"]
        assert prompt.mask is not None
        assert np.argwhere(prompt.mask.logits > 0).tolist() == [[0, y] for y in range(3, 8)]

    def test_of_another_size(self, flat: SliceView) -> None:
        with pytest.raises(PromptError, match=r"shape \(40, 60\), a picture of the image \(60, 40\)"):
            to_prompt_sets([self.item(shape=(40, 60))], flat)

    def test_two_on_one_slice(self, flat: SliceView) -> None:
        with pytest.raises(PromptError, match="beside another mask"):
            to_prompt_sets([self.item(), self.item()], flat)

    @pytest.mark.parametrize(
        ("index", "hint"), [(None, "say which one"), (10, "slice 10 lies outside"), (3, "mask alone")]
    )
    def test_in_a_volume(self, index: int | None, hint: str, volume: SliceView) -> None:
        with pytest.raises(PromptError, match=hint):
            to_prompt_sets([self.item(index, (30, 20))], volume)

    def test_exactly_one_kind(self) -> None:
        with pytest.raises(PromptError, match="exactly one"):
            TargetPrompt("t", "here")
        with pytest.raises(PromptError, match="exactly one"):
            TargetPrompt("t", "here", point=(1, 2), box=((1, 2), (3, 4)))
        with pytest.raises(PromptError, match="label is 1"):
            TargetPrompt("t", "here", point=(1, 2), label=2)
