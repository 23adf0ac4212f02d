"""Scores on the validation part."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from samaritan.adapt import Adaptation, attach
from samaritan.models._sam import SamSegmenter
from samaritan.prompts import make_prompt
from samaritan.train._examples import Example, Target
from samaritan.train._features import Trunk
from samaritan.train._loss import Weights
from samaritan.train._step import Batch, Step
from samaritan.train._validate import Validation


class Oracle(Step):
    """Answers what is asked for, moved by some pixels along x."""

    def __init__(self, adapted: Adaptation, trunk: Trunk, shift: int = 0, value: float = 10.0) -> None:
        super().__init__(adapted, trunk, Weights(), "fp32")
        self.frame, self.shift, self.value = adapted.segmenter.frame, shift, value
        self.asked: list[Any] = []

    def answer(self, batch: Batch) -> torch.Tensor:
        (question,) = batch.questions
        self.asked.append(question)
        mask = np.roll(question.mask, self.shift, axis=0)
        return (self.frame.reference(mask[None])[None] - 0.5) * self.value


def score(
    segmenter: SamSegmenter, examples: list[Example], prompt: str = "box", limit: int = 9, **oracle: Any
) -> tuple[float, Oracle]:
    adapted = attach(segmenter, "decoder")
    trunk = Trunk(adapted, None, "")
    step = Oracle(adapted, trunk, **oracle)
    return Validation(examples, [make_prompt(prompt)], 0, limit)(adapted, trunk, step), step


def test_dice_by_hand(segmenter: SamSegmenter, example: Example) -> None:
    assert score(segmenter, [example])[0] == pytest.approx(1, abs=0.03)


def test_a_mask_that_is_moved_loses_what_it_no_longer_covers(segmenter: SamSegmenter, example: Example) -> None:
    assert score(segmenter, [example], shift=3)[0] == pytest.approx(9 / 12, abs=0.03)  # twelve pixels along x


def test_an_answer_that_is_no_number_is_no_score(segmenter: SamSegmenter, example: Example) -> None:
    assert math.isnan(score(segmenter, [example], value=math.nan)[0])


def test_a_target_thinner_than_a_pixel_can_be_hit(segmenter: SamSegmenter, example: Example) -> None:
    line = np.zeros((40, 32), np.float32)
    line[10, 4:28] = 0.4
    thin = replace(example, targets=(Target("vessel", {"reference": line}),))
    _, step = score(segmenter, [thin])
    assert step.asked[0].ref.sum() == 24


def test_patients_count_the_same(segmenter: SamSegmenter, example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = {"anna": 0.2, "bert": 1.0}
    monkeypatch.setattr(Validation, "_dice", lambda self, adapted, trunk, step, one, question: dice[one.patient])
    assert score(segmenter, [example, example, example, replace(example, patient="bert")])[0] == pytest.approx(0.6)


def test_questions_are_the_same_every_time_and_all_rounds_are_asked(segmenter: SamSegmenter, example: Example) -> None:
    adapted = attach(segmenter, "decoder")
    trunk = Trunk(adapted, None, "")
    validation = Validation([example], [make_prompt("clicks:3")], 0, 9)
    steps = [Oracle(adapted, trunk), Oracle(adapted, trunk)]
    for step in steps:
        validation(adapted, trunk, step)
    first, second = (step.asked[0] for step in steps)
    assert repr(first.prompt) == repr(second.prompt)
    assert first.rounds == 3


def test_pictures_are_taken_evenly_spaced(segmenter: SamSegmenter, example: Example) -> None:
    many = [replace(example, patient=f"p{n}", targets=(replace(example.targets[0], name=f"t{n}"),)) for n in range(9)]
    _, step = score(segmenter, many, limit=3)
    assert [question.prompt.text for question in step.asked] == ["t1", "t4", "t7"]


def test_nothing_to_score(segmenter: SamSegmenter, example: Example) -> None:
    assert not Validation([], [make_prompt("box")], 0, 6)
    assert Validation([example], [make_prompt("box")], 0, 6)
    empty = replace(example, targets=())
    assert math.isnan(score(segmenter, [empty])[0])
