from __future__ import annotations

import numpy as np
import pytest

from samaritan.core import Box, Points, PromptSet, Window
from samaritan.models._base import Prediction
from samaritan.predict.framing import OUTSIDE, Look, make_framing
from samaritan.predict.framing.zoom import elongation

SHAPE = (200, 120)
LAYER = PromptSet(box=Box((20, 50), (179, 59)))  # 160 x 10


def test_squares_in_a_row_that_cover_the_prompt_and_as_much_at_its_ends() -> None:
    found = make_framing("along:3").next(LAYER, SHAPE, [])
    assert {window.size for window in found} == {(30, 30)}
    assert {window.low[1] for window in found} == {40}
    starts = [window.low[0] for window in found]
    assert (starts[0], starts[-1]) == (10, 160)  # 10 pixels around, on all sides
    assert len(found) == 8
    assert max(np.diff(starts)) <= 0.75 * 30


def test_the_row_runs_along_the_longer_side() -> None:
    upright = PromptSet(box=Box((50, 20), (59, 99)))
    found = make_framing("along:3").next(upright, SHAPE, [])
    assert {window.low[0] for window in found} == {40}
    assert len(found) == len({window.low[1] for window in found}) == 5


@pytest.mark.parametrize("text", ["along:1.5", "along:3"])
def test_a_square_prompt_gets_the_square_of_a_zoom(text: str) -> None:
    prompt = PromptSet(box=Box((60, 50), (79, 69)))
    assert make_framing(text).next(prompt, SHAPE, []) == make_framing(text.replace("along", "zoom")).next(
        prompt, SHAPE, []
    )


def test_clicks_alone_are_answered_on_the_whole_picture() -> None:
    assert make_framing("along").next(PromptSet(points=Points((5, 5), 1)), SHAPE, []) == (Window.whole(SHAPE),)


def test_equal_answers_are_blended_to_themselves() -> None:
    framing = make_framing("along:3")
    truth = np.random.default_rng(0).normal(size=(1, *SHAPE)).astype(np.float32)
    windows = framing.next(LAYER, SHAPE, [])
    looks = [Look(w, Prediction(truth[:, *w.slices], np.ones(1, np.float32), np.zeros((1, 4, 4)))) for w in windows]  # type: ignore[arg-type]
    found = framing.fuse(LAYER, SHAPE, looks)
    assert np.abs(found.logits[:, 10:190, 40:70] - truth[:, 10:190, 40:70]).max() < 1e-5
    assert (found.logits == OUTSIDE).sum() == 200 * 120 - 180 * 30


def test_elongation() -> None:
    assert elongation(LAYER) == 16
    assert elongation(PromptSet(points=Points((5, 5), 1))) == 1
