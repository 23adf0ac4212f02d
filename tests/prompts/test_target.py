from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.core import Box, Geometry, PromptError, PromptSet, SliceView
from samaritan.prompts import TargetPrompt, to_prompt_sets
from samaritan.prompts._target import Runs


def item(slice_index: int | None = None, shape: tuple[int, int] = (60, 40)) -> TargetPrompt:
    return TargetPrompt("t", "here", mask=Runs(shape, (3, 5, shape[0] * shape[1] - 8), slice_index))


def test_alone_on_a_picture(flat: SliceView) -> None:
    (prompt,) = to_prompt_sets([item()], flat)["t"]
    assert prompt.mask is not None
    assert np.argwhere(prompt.mask.logits > 0).tolist() == [[0, y] for y in range(3, 8)]


def test_of_another_size(flat: SliceView) -> None:
    with pytest.raises(PromptError, match=r"shape \(40, 60\), a picture of the image \(60, 40\)"):
        to_prompt_sets([item(shape=(40, 60))], flat)


def test_two_on_one_slice(flat: SliceView) -> None:
    with pytest.raises(PromptError, match="beside another mask"):
        to_prompt_sets([item(), item()], flat)


@pytest.mark.parametrize(("index", "hint"), [(None, "say which one"), (10, "slice 10 lies outside"), (3, "mask alone")])
def test_in_a_volume(index: int | None, hint: str, volume: SliceView) -> None:
    with pytest.raises(PromptError, match=hint):
        to_prompt_sets([item(index, (30, 20))], volume)


def test_exactly_one_kind() -> None:
    with pytest.raises(PromptError, match="exactly one"):
        TargetPrompt("t", "here")
    with pytest.raises(PromptError, match="exactly one"):
        TargetPrompt("t", "here", point=(1, 2), box=((1, 2), (3, 4)))
    with pytest.raises(PromptError, match="label is 1"):
        TargetPrompt("t", "here", point=(1, 2), label=2)


@settings(max_examples=30)
@given(st.lists(st.integers(-2, 38).map(lambda n: n / 4), min_size=2, max_size=2).map(sorted))
def test_a_box_asks_on_the_slices_that_a_volume_box_crosses(ends: list[float]) -> None:
    view = SliceView.of(Geometry.from_spacing((9, 8, 10), (1, 1, 1)), "axial")
    low, high = (1.0, 1.0, ends[0]), (4.0, 5.0, ends[1])
    asked = TargetPrompt("t", "here", "voxel", box=(low, high)).on_slices(view)
    assert [index for index, _ in asked] == list(view.lower(PromptSet(box=Box(low, high))))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"target": "a\x1b[31m"}, "characters that command a terminal"),
        ({"box": ((5.0, 5.0, 2.5), (9.0, 9.0, 2.5))}, "number of a slice, which is whole; received 2.5"),
        ({"box": None, "line": ((5.0, 5.0), (5.0, 5.0))}, "both ends of the line are one place"),
    ],
)
def test_what_nobody_can_mean_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(PromptError, match=message):
        TargetPrompt(**{"target": "a", "origin": "here", "box": ((5.0, 5.0), (9.0, 9.0)), **given})
