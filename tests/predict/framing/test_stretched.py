from __future__ import annotations

import numpy as np
import pytest

from samaritan.core import Box, MaskHint, Points, PromptSet
from samaritan.predict.framing._stretched import Stretched, resampled

#: 4 x 6 pixels of a picture, shown five times as long.
WINDOW = Stretched((2, 0), (4, 6), (20, 6))


def lowered(prompt: PromptSet) -> PromptSet:
    found = WINDOW.lower(prompt)
    assert found is not None
    return found


def test_a_box_covers_its_outermost_pixels_from_edge_to_edge() -> None:
    box = lowered(PromptSet(box=Box((3, 1), (4, 5)))).box
    assert box is not None
    assert box.lo.tolist()[:2] == [5, 1]
    assert box.hi.tolist()[:2] == [14, 5]


def test_a_box_is_clipped_to_what_is_shown() -> None:
    box = lowered(PromptSet(box=Box((-0.5, -0.5), (40, 5.5)))).box
    assert box is not None
    assert box.lo.tolist()[:2] == [-0.5, -0.5]
    assert box.hi.tolist()[:2] == [19.5, 5.5]


def test_a_click_keeps_its_place() -> None:
    points = lowered(PromptSet(Points([(2, 3), (5.5, 5.5)], [1, 0]))).points
    assert points is not None
    assert points.ijk[:, :2].tolist() == [[2, 3], [19.5, 5.5]]  # the middle of five, and the outer edge
    assert points.labels.tolist() == [1, 0]


def test_a_mask_hint_is_stretched() -> None:
    mask = np.zeros((8, 6), bool)
    mask[3:5, 2:4] = True
    hint = lowered(PromptSet(mask=MaskHint.from_mask(mask))).mask
    assert hint is not None
    seen = np.zeros((20, 6), bool)
    seen[5:15, 2:4] = True
    assert np.array_equal(hint.logits > 0, seen)


def test_nothing_is_asked_where_nothing_lies() -> None:
    assert WINDOW.lower(PromptSet(box=Box((6.5, 0), (7, 5)))) is None


def test_what_is_pasted_lies_where_the_window_is() -> None:
    part = np.repeat(np.arange(4, dtype=np.float32), 5)[None, :, None] * np.ones((1, 20, 6), np.float32)
    full = WINDOW.paste(part, (8, 6), -10.0)
    assert full[0, :, 0].tolist() == [-10, -10, 0, 1, 2, 3, -10, -10]


def test_colours_are_kept_apart() -> None:
    picture = np.zeros((4, 6, 3), np.float32)
    picture[..., 1] = 7
    shown = WINDOW.show(picture)
    assert shown.shape == (20, 6, 3)
    assert np.unique(shown[..., 1]).tolist() == [7]
    assert not shown[..., [0, 2]].any()


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_a_ramp_stays_one_between_centres(axis: int) -> None:
    ramp = np.arange(4, dtype=np.float32)
    array = np.broadcast_to(ramp[:, None] if axis in (0, -2) else ramp, (4, 4))
    found = np.moveaxis(resampled(array, axis, 8), axis, 0)[:, 0]
    assert found.tolist() == [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]
    assert found.dtype == np.float32


def test_the_same_size_is_the_same_array() -> None:
    array = np.ones((4, 6), np.float32)
    assert resampled(array, 0, 4) is array
