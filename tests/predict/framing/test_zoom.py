from __future__ import annotations

import numpy as np
import pytest

from samaritan.core import Box, MaskHint, Points, PromptSet, Window
from samaritan.models._base import Prediction
from samaritan.predict.framing import OUTSIDE, Look, make_framing
from samaritan.predict.framing.zoom import SMALLEST

SHAPE = (100, 80)


def window(prompt: PromptSet, text: str = "zoom:2", shape: tuple[int, int] = SHAPE) -> Window:
    (found,) = make_framing(text).next(prompt, shape, [])
    return found


def test_a_square_of_so_many_longer_sides_about_the_box() -> None:
    # 20 x 10 pixels about (49.5, 39.5)
    assert window(PromptSet(box=Box((40, 35), (59, 44)))) == Window((30, 20), (40, 40))
    assert window(PromptSet(box=Box((40, 35), (59, 44))), "zoom:1") == Window((40, 30), (20, 20))


def test_it_is_moved_at_a_border_and_clipped_where_the_picture_is_smaller() -> None:
    assert window(PromptSet(box=Box((0, 70), (19, 79)))) == Window((0, 40), (40, 40))
    assert window(PromptSet(box=Box((10, 10), (59, 29)))) == Window((0, 0), (100, 80))
    assert window(PromptSet(box=Box((-0.5, -0.5), (99.5, 79.5)))) == Window.whole(SHAPE)


def test_a_tiny_box_still_gets_some_pixels() -> None:
    found = window(PromptSet(box=Box((50, 40), (50, 40))))
    assert found.size == (SMALLEST, SMALLEST)
    assert window(PromptSet(box=Box((0, 0), (0, 0))), shape=(1, 1)) == Window((0, 0), (1, 1))
    assert window(PromptSet(box=Box((0, 0), (0, 0))), shape=(1, 30)) == Window((0, 0), (1, SMALLEST))


def test_positive_clicks_outside_the_box_belong_to_the_prompt() -> None:
    clicks = Points([(79, 40), (5, 5)], [1, 0])
    assert window(PromptSet(clicks, Box((40, 35), (59, 44))), "zoom:1") == Window((40, 20), (40, 40))


def test_clicks_alone_are_answered_on_the_whole_picture() -> None:
    assert window(PromptSet(points=Points((50, 40), 1))) == Window.whole(SHAPE)


def test_a_drawn_mask_has_an_extent_and_an_empty_one_has_none() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[40:60, 35:45] = True
    assert window(PromptSet(mask=MaskHint.from_mask(mask))) == Window((30, 20), (40, 40))
    assert window(PromptSet(mask=MaskHint.from_mask(np.zeros(SHAPE, bool)))) == Window.whole(SHAPE)


@pytest.mark.parametrize("candidates", [1, 3])
def test_the_answer_is_pasted_exactly(candidates: int) -> None:
    prompt, framing = PromptSet(box=Box((40, 35), (59, 44))), make_framing("zoom:2")
    logits = np.random.default_rng(0).normal(size=(candidates, 40, 40)).astype(np.float32)
    quality = np.linspace(0, 1, candidates, dtype=np.float32)
    answer = Prediction(logits, quality, np.zeros((candidates, 4, 4), np.float32))
    found = framing.fuse(prompt, SHAPE, [Look(window(prompt), answer)])
    assert np.array_equal(found.logits[:, 30:70, 20:60], logits)
    assert (found.logits == OUTSIDE).sum() == candidates * (100 * 80 - 40 * 40)
    assert np.array_equal(found.quality, quality)
    assert np.array_equal(found.low_res, found.logits.transpose(0, 2, 1))
