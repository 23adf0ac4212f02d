from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samaritan.core import FormatError, Geometry, InputError, PromptError, SliceView
from samaritan.prompts import _file, read_prompts, to_prompt_sets
from samaritan.prompts._gather import MOST_PROMPTS


def write(path: Path, content: object) -> Path:
    file = path / "prompts.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def test_everything_at_once(tmp_path: Path, volume: SliceView) -> None:
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
    assert piece.box is not None
    assert [piece.box.lo.tolist(), piece.box.hi.tolist()] == [[1, 2, 0], [8, 9, 0]]
    assert piece.points is not None
    assert piece.points.labels.tolist() == [1, 0]
    assert piece.mask is not None
    assert np.argwhere(piece.mask.logits > 0).tolist() == [[3, 5], [3, 6], [3, 7], [3, 8]]


def test_example_in_the_documentation(tmp_path: Path) -> None:
    text = (_file.__doc__ or "").split("\n\n")[1]
    items = read_prompts(write(tmp_path, text))
    assert [item.origin.split(": ")[1] for item in items] == [
        "targets.0.boxes.0", "targets.0.points.0", "targets.0.points.1", "targets.0.masks.0", "targets.1.lines.0",
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
def test_faults_are_named_by_their_key(targets: Any, hint: str, tmp_path: Path) -> None:
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
def test_broken_files_are_refused(text: str, error: type[InputError], hint: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=hint):
        read_prompts(write(tmp_path, text))


def test_not_text(tmp_path: Path) -> None:
    file = tmp_path / "prompts.json"
    file.write_bytes(b"\x89PNG\r\n\xff\xfe")
    with pytest.raises(FormatError, match="not text in UTF-8"):
        read_prompts(file)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.json"):
        read_prompts(tmp_path / "nowhere.json")


def test_too_many_points(tmp_path: Path) -> None:
    points = [{"at": [n % 50, n // 50]} for n in range(MOST_PROMPTS + 1)]
    with pytest.raises(PromptError, match="10001 points and boxes"):
        read_prompts(write(tmp_path, {"targets": [{"name": "a", "points": points}]}))


def test_a_line_is_the_largest_diameter(tmp_path: Path, volume: SliceView) -> None:
    content = {"targets": [{"name": "lesion", "lines": [{"from": [18, 10, 4], "to": [10, 10, 4]}]}]}
    (item,) = read_prompts(write(tmp_path, content))
    assert item.line == ((18.0, 10.0, 4.0), (10.0, 10.0, 4.0))
    (prompt,) = to_prompt_sets([item], volume)["lesion"]
    assert list(volume.lower(prompt)) == [4]
