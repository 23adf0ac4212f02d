"""Answers without any process, from a model that finds what is bright under its prompts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.annotate.engine.answers import answer_slice, answer_volume
from samaritan.annotate.engine.requests import ChainEnd, ImageRef, SliceQuestion, VolumeQuestion
from samaritan.core import Box, Geometry, MaskHint, Points, PromptError, PromptSet, Volume
from samaritan.predict import VolumePredictor
from tests.predict.conftest import CARD, ThresholdSegmenter

IMAGE = ImageRef("a", Path("a.nii"))
SHAPE, SLICES = (24, 20), 12
BOX = PromptSet(box=Box((3, 3), (15, 15)))

Mask = NDArray[np.bool_]


def block(k: int) -> Mask:
    """(x, y) of the bright block on slice ``k``: it is there from 2 to 9, and moves."""
    mask = np.zeros(SHAPE, bool)
    if 2 <= k <= 9:
        mask[5 + k // 4 : 12 + k // 4, 5:12] = True
    return mask


@pytest.fixture
def predictor() -> VolumePredictor:
    """Slices of a volume whose axes are those of its pictures, so that values stay as they are."""
    data = np.stack([np.where(block(k), 200, 0) for k in range(SLICES)], axis=-1).astype(np.uint8)
    volume = Volume(data, Geometry.from_spacing((*SHAPE, SLICES), (1, 1, 1)), "MR")
    return VolumePredictor(ThresholdSegmenter(), volume, plane="axial", intensity="asis", keep=SLICES)


def ask(predictor: VolumePredictor, prompts: PromptSet = BOX, index: int = 5, **more: Any) -> Any:
    return answer_slice(predictor, SliceQuestion(IMAGE, "axial", index, prompts, **more))


def test_a_box_is_answered_once_first_then_with_what_else_it_may_mean(predictor: VolumePredictor) -> None:
    answer = ask(predictor)
    assert (answer.masks[0] == block(5)).all()
    assert len(answer.masks) == 1  # the other candidates look the same
    assert (answer.encoded, ask(predictor).encoded) == (True, False)
    assert answer.seconds > 0


def test_a_click_alone_is_answered_by_candidates_the_best_first(predictor: VolumePredictor) -> None:
    class Nested(ThresholdSegmenter):
        """Three masks, one in the other, the middle one the best; alone: the smallest."""

        def decode(self, embedding: Any, prompts: Any, *, multimask: bool = False) -> list[Any]:
            found = super().decode(embedding, prompts, multimask=multimask)
            for prediction in found:
                for c, logits in enumerate(prediction.logits):
                    logits[: 6 + 2 * c, :6] = 1
            return found

    predictor.segmenter = Nested()
    click = PromptSet(Points([[8, 8]], [1]))
    answer = ask(predictor, click)
    assert answer.qualities == pytest.approx([0.9, 0.5, 0.1])
    assert [int(mask[:12, :6].sum()) for mask in answer.masks] == [48, 36, 60]
    (single,) = ask(predictor, click, several=False).masks
    assert single[:12, :6].sum() == 36
    boxed = ask(predictor, BOX)
    assert boxed.qualities == pytest.approx([0.5, 0.9, 0.1])  # the single one first, and its twin left out


def test_a_click_corrects_the_mask_that_is_there(predictor: VolumePredictor) -> None:
    current = np.zeros(SHAPE, bool)
    current[6:9, 5:12] = True
    answer = ask(predictor, PromptSet(Points([[12, 8]], [1])), current=current)
    assert (answer.masks[0] == block(5)[:, :] & (np.indices(SHAPE)[0] <= 12)).all()


def test_nothing_found_is_an_empty_mask(predictor: VolumePredictor) -> None:
    (mask,) = ask(predictor, index=0).masks
    assert not mask.any()


def test_nothing_said_is_refused(predictor: VolumePredictor) -> None:
    with pytest.raises(PromptError, match="Nothing was said about the object on this slice"):
        ask(predictor, PromptSet())
    with pytest.raises(PromptError, match="outside the image"):
        ask(predictor, PromptSet(box=Box((3, 3), (30, 5))))


def across(
    predictor: VolumePredictor,
    prompts: Mapping[int, PromptSet],
    fixed: Mapping[int, Mask] | None = None,
    **more: Any,
) -> Any:
    return answer_volume(predictor, VolumeQuestion(IMAGE, "axial", prompts, fixed or {}, **more))


def test_a_box_finds_the_whole_object(predictor: VolumePredictor) -> None:
    answer = across(predictor, {5: BOX})
    assert sorted(answer.masks) == sorted(answer.qualities) == list(range(2, 10))
    assert all((answer.masks[k] == block(k)).all() for k in answer.masks)
    assert answer.stops == (
        ChainEnd(5, -1, 2, "empty: the model found nothing", expected=False),
        ChainEnd(5, 1, 9, "empty: the model found nothing", expected=False),
    )


def test_masks_that_a_person_made_are_kept_and_chains_start_from_them(predictor: VolumePredictor) -> None:
    painted = block(5).copy()
    painted[5:8, 5:8] = False
    answer = across(predictor, {}, {5: painted})
    assert (answer.masks[5] == painted).all()
    assert sorted(answer.masks) == list(range(2, 10))
    assert (answer.masks[4] == block(4)).all()


def test_prompts_do_not_change_a_mask_that_a_person_made(predictor: VolumePredictor) -> None:
    painted = np.roll(block(5), 1, axis=1)
    answer = across(predictor, {5: BOX, 8: BOX}, {5: painted})
    assert (answer.masks[5] == painted).all()
    assert (answer.masks[8] == block(8)).all()


def test_no_chain_goes_beyond_a_slice_that_a_person_emptied(predictor: VolumePredictor) -> None:
    nothing = np.zeros(SHAPE, bool)
    assert sorted(across(predictor, {4: BOX}, {6: nothing}).masks) == [2, 3, 4, 5]
    assert sorted(across(predictor, {4: BOX, 8: BOX}, {6: nothing}).masks) == [2, 3, 4, 5, 7, 8, 9]
    assert sorted(across(predictor, {4: BOX, 6: BOX}, {6: nothing}).masks) == [2, 3, 4, 5]


def test_bounds_are_kept(predictor: VolumePredictor) -> None:
    answer = across(predictor, {5: BOX}, bounds=(4, 7))
    assert sorted(answer.masks) == [4, 5, 6, 7]
    assert answer.stops[1] == ChainEnd(5, 1, 7, "reached the bound given, slice 7", expected=True)


@pytest.mark.parametrize(
    ("prompts", "fixed", "words"),
    [
        ({}, {}, "Nothing was said about the object on any slice"),
        ({}, {4: np.zeros(SHAPE, bool)}, "Nothing was said about the object on any slice"),
        ({12: BOX}, {}, "There is no slice 12; slices run from 0 to 11"),
        ({-1: BOX}, {}, "There is no slice -1"),
        ({}, {4: np.ones((3, 3), bool)}, r"mask has shape \(3, 3\)"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    predictor: VolumePredictor, prompts: dict[int, PromptSet], fixed: dict[int, Mask], words: str
) -> None:
    with pytest.raises(PromptError, match=words):
        across(predictor, prompts, fixed)


def test_clicks_on_a_model_of_boxes_start_chains_from_what_they_are_answered_with(predictor: VolumePredictor) -> None:
    predictor.segmenter = ThresholdSegmenter(card=replace(CARD, prompts=("box",)))
    click = PromptSet(Points([[9, 8]], [1]))
    answer = across(predictor, {5: click})
    assert (answer.masks[5] == ask(predictor, click, several=False).masks[0]).all()
    assert answer.masks[5].any()


def test_a_mask_hint_is_a_question_like_others(predictor: VolumePredictor) -> None:
    assert len(ask(predictor, PromptSet(mask=MaskHint.from_mask(block(5)))).masks) == 1


def test_progress_can_stop_the_work(predictor: VolumePredictor) -> None:
    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        answer_volume(predictor, VolumeQuestion(IMAGE, "axial", {5: BOX}), stop)
