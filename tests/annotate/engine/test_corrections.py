"""Clicks are obeyed, and change as little as that takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from samaritan.annotate.engine.answers import answer_slice
from samaritan.annotate.engine.corrections import corrected, dice, edited, wrong
from samaritan.annotate.engine.requests import ImageRef, SliceQuestion
from samaritan.core import Box, Points, PromptError, PromptSet

Mask = NDArray[np.bool_]


def square() -> Mask:
    """(30, 20), 10..19 x 5..14."""
    mask = np.zeros((30, 20), bool)
    mask[10:20, 5:15] = True
    return mask


def test_a_click_outside_adds_a_disc_that_reaches_the_mask() -> None:
    mask = edited(square(), Points([[23, 10]], [1]))
    assert mask[20:28, 10].all()
    assert not mask[28, 10]
    assert (mask & square()).sum() == square().sum()


def test_a_click_inside_takes_a_disc_that_reaches_the_edge() -> None:
    mask = edited(square(), Points([[17, 10]], [0]))
    assert not mask[14:20, 10].any()
    assert mask[13, 10]
    assert not (mask & ~square()).any()


def test_a_click_at_the_edge_of_the_picture_reaches_no_further() -> None:
    assert np.count_nonzero(edited(square(), Points([[0, 0]], [1])) & ~square()) == 3


def test_a_click_on_an_empty_slice_is_a_pixel() -> None:
    assert edited(np.zeros((30, 20), bool), Points([[4, 4]], [1])).sum() == 1


def test_what_was_given_stays_as_it_is() -> None:
    mask = square()
    edited(mask, Points([[17, 10]], [0]))
    assert (mask == square()).all()


SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=12)


@given(hnp.arrays(bool, SHAPES), st.data())
def test_all_clicks_are_obeyed_and_a_mask_that_obeys_is_left_alone(mask: Mask, data: st.DataObject) -> None:
    sides = [st.integers(0, side - 1) for side in mask.shape]
    said = data.draw(st.dictionaries(st.tuples(*sides), st.integers(0, 1), min_size=1, max_size=6))
    points = Points(list(said), list(said.values()))
    after = edited(mask, points)
    assert not wrong(after, points).any()
    if not wrong(mask, points).any():
        assert (after == mask).all()


def test_of_two_clicks_on_a_pixel_the_later_is_obeyed() -> None:
    assert not edited(square(), Points([[22, 10], [22, 10]], [1, 0]))[22, 10]
    assert edited(square(), Points([[22, 10], [22, 10]], [0, 1]))[22, 10]


class Says:
    """Answers boxes with one mask, and boxes beside clicks with another."""

    def __init__(self, box: Mask, beside: Mask, prompts: tuple[str, ...] = ("box",)) -> None:
        self.box, self.beside = box, beside
        self.asked: list[PromptSet] = []
        self.segmenter: Any = SimpleNamespace(card=SimpleNamespace(prompts=prompts))
        self.view: Any = SimpleNamespace(shape=box.shape)
        self.encode_calls = 0

    def embedded(self, index: int) -> bool:
        return False

    def decode(self, index: int, prompts: Sequence[PromptSet], *, multimask: bool = False) -> list[Any]:
        self.asked += prompts
        masks = [self.box if prompt.points is None else self.beside for prompt in prompts]
        return [SimpleNamespace(logits=np.where(mask, 5.0, -5.0)[None], quality=np.array([0.8])) for mask in masks]


CLICK = PromptSet(Points([[22, 10]], [1]), Box((10, 5), (19, 14)))


def test_a_model_that_does_not_obey_is_edited() -> None:
    model: Any = Says(square(), square())
    (mask, quality), *others = corrected(model, 0, square(), CLICK)
    assert (mask == edited(square(), CLICK.points)).all()  # type: ignore[arg-type]
    assert 0 < quality < 0.8
    assert not others


def test_a_model_that_obeys_and_says_almost_the_same_is_believed() -> None:
    obeying = edited(square(), Points([[22, 10]], [1]))
    obeying[9, 5:15] = True
    found = corrected(Says(square(), obeying), 0, square(), CLICK)  # type: ignore[arg-type]
    assert (found[0][0] == obeying).all()
    assert dice(found[0][0], found[1][0]) < 1


def test_a_model_that_obeys_and_says_something_else_is_the_second_choice() -> None:
    everything = np.ones((30, 20), bool)
    found = corrected(Says(square(), everything), 0, square(), CLICK)  # type: ignore[arg-type]
    assert (found[1][0] == everything).all()
    assert not wrong(found[0][0], Points([[22, 10]], [1])).any()


def test_answers_that_all_obey_are_all_choices() -> None:
    large, all_of_it = np.zeros((2, 30, 20), bool)
    large[5:25, 3:17] = all_of_it[:] = True
    found = corrected(Says(all_of_it, large), 0, square(), CLICK)  # type: ignore[arg-type]
    assert [int(mask.sum()) for mask, _ in found[1:]] == [280, 600]


def question(prompts: PromptSet, current: Mask | None = None) -> SliceQuestion:
    return SliceQuestion(ImageRef("a", Path("a")), "axial", 0, prompts, current)


def test_clicks_beside_a_box_obey_on_the_model_s_answer_to_the_box() -> None:
    model: Any = Says(square(), square())
    answer = answer_slice(model, question(CLICK))
    assert (answer.masks[0] == edited(square(), CLICK.points)).all()  # type: ignore[arg-type]
    assert model.asked[0].points is None


def test_clicks_correct_the_mask_that_is_there_and_not_what_the_model_said_before() -> None:
    painted = square()
    painted[12:14, 7:9] = False
    model: Any = Says(square(), square())
    answer = answer_slice(model, question(PromptSet(Points([[22, 10]], [1])), painted))
    assert not answer.masks[0][12:14, 7:9].any()
    assert answer.masks[0][22, 10]


def test_clicks_outside_alone_say_nothing() -> None:
    with pytest.raises(PromptError, match="do not say where it is"):
        answer_slice(Says(square(), square()), question(PromptSet(Points([[22, 10]], [0]))))  # type: ignore[arg-type]
