from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from samaritan.benchmark._case import failed_rows
from samaritan.benchmark._masks import PackedMask
from samaritan.benchmark._measure import Measurement
from samaritan.benchmark._preview import MAX_PROMPTS, picture_name, png, preview
from samaritan.benchmark._row import key
from samaritan.benchmark._targets import Target
from samaritan.core import Box, Geometry, MaskHint, Points, PromptSet, SliceView
from samaritan.prompts import make_prompt

SHAPE = (5, 4)


def pixels(*places: tuple[int, int]) -> PackedMask:
    mask = np.zeros(SHAPE, bool)
    for place in places:
        mask[place] = True
    return PackedMask.of(mask)


def test_a_line_holds_key_masks_and_prompts(make_case: Any, picture: Any) -> None:
    row = failed_rows(make_case("a", picture), "m", [make_prompt("box")], "")[0]
    target = Target("t", 1, None, "reference", {3: pixels((0, 1))}, (3,), by_slice=False, sampled=False)
    asked = PromptSet(Points([(1.234, 2)], [0]), Box((0, 1), (2, 3)), MaskHint.from_mask(np.ones(SHAPE)))
    measurement = Measurement(
        target, make_prompt("box"), 0, masks={3: pixels((4, 3))}, prompts={3: [asked] * (MAX_PROMPTS + 1)}
    )
    view = SliceView.of(Geometry.from_spacing((*SHAPE, 6), (1, 2, 2)), "axial")
    line = preview(row, measurement, 3, view)
    assert (line["key"], line["slice"], line["shape"]) == (list(key(row)), 3, [5, 4])
    assert line["spacing"] == [1, 2]
    assert (line["ref"], line["pred"]) == ([1, 1, 18], [19, 1])
    assert len(line["prompts"]) == MAX_PROMPTS
    assert line["prompts"][0] == {"points": [[1.23, 2.0, 0.0]], "box": [0.0, 1.0, 2.0, 3.0], "mask": True}
    assert preview(row, Measurement(target, make_prompt("box"), 0), 3, view)["pred"] == [20]  # nobody answered


def test_names_are_safe_and_differ() -> None:
    cases = [("a", "b-c"), ("a-b", "c"), ("a", "../../b c"), ("a", "b\x00c"), ("a", "é" * 500), ("", "..")]
    names = [picture_name(dataset, case, 2) for dataset, case in cases]
    assert len(set(names)) == len(cases)
    for name in names:
        folder, slash, file = name.partition("/")
        assert (folder, slash) == ("gallery", "/")
        assert "/" not in file
        assert file.isascii()
        assert len(file) < 120


@pytest.mark.parametrize("colour", [False, True])
def test_a_picture_has_x_as_its_width(colour: bool) -> None:
    values = np.zeros((*SHAPE, 3), np.float32)
    values[4, 1] = (200.4, 10 if colour else 200.4, 200.4)
    shown = Image.open(io.BytesIO(png(values)))
    assert (shown.size, shown.mode) == (SHAPE, "RGB" if colour else "L")
    assert shown.getpixel((4, 1)) == ((200, 10, 200) if colour else 200)
