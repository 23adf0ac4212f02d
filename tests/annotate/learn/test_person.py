from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import ImageRef, SliceAnswer, SliceQuestion
from samaritan.annotate.learn.person import Labelled, Person
from samaritan.core import PromptSet

Mask = NDArray[np.bool_]

QUESTION = SliceQuestion(ImageRef("a", Path("a.png")), "axial", 0, PromptSet(text="organ"))


def square(low: int, high: int) -> Mask:
    mask = np.zeros((24, 20), bool)
    mask[low:high, low:high] = True
    return mask


REF = square(4, 14)


class Model:
    """Answers with masks one after the other, and remembers what it was asked."""

    def __init__(self, *masks: Mask) -> None:
        self.masks = list(masks)
        self.asked: list[SliceQuestion] = []

    def __call__(self, question: SliceQuestion) -> SliceAnswer:
        self.asked.append(question)
        mask = self.masks.pop(0) if len(self.masks) > 1 else self.masks[0]
        return SliceAnswer((mask,), (0.9,), False, 0.5)


def label(model: Model, person: Person, proposal: Mask | None = None) -> Labelled:
    return person.label(model, QUESTION, REF, np.random.default_rng(0), proposal)


def test_a_box_then_clicks_until_it_is_good_enough() -> None:
    model = Model(square(4, 10), square(4, 12), REF)
    found = label(model, Person())
    assert found.interactions == 3
    assert found.course == pytest.approx([0.0, 2 * 36 / 136, 2 * 64 / 164, 1.0])
    assert found.seconds == 1.5
    first, second, third = (question.prompts for question in model.asked)
    assert first.box is not None
    assert first.points is None
    assert (first.box.lo[:2].tolist(), first.box.hi[:2].tolist()) == ([4, 4], [13, 13])
    assert second.box is not None
    assert [len(p.points) for p in (second, third) if p.points] == [1, 2]
    assert all(prompt.text == "organ" for prompt in (first, second, third))
    assert model.asked[0].current is None
    assert (model.asked[1].current == square(4, 10)).all()  # type: ignore[union-attr]


def test_clicks_lie_in_the_error_with_the_reference_s_label() -> None:
    model = Model(square(4, 18), REF)
    label(model, Person())
    points = model.asked[1].prompts.points
    assert points is not None
    assert points.labels.tolist() == [0]
    x, y = points.ijk[0, :2].astype(int)
    assert (square(4, 18) ^ REF)[x, y]


def test_the_first_act_may_be_a_click() -> None:
    model = Model(REF)
    assert label(model, Person(first="click")).interactions == 1
    (prompt,) = (question.prompts for question in model.asked)
    assert prompt.box is None
    assert prompt.points is not None
    assert REF[tuple(prompt.points.ijk[0, :2].astype(int))]


def test_patience_ends() -> None:
    found = label(Model(square(4, 8)), Person(patience=5))
    assert found.interactions == 5
    assert found.course[-1] < 0.9


def test_a_good_proposal_costs_nothing() -> None:
    model = Model(REF)
    found = label(model, Person(), REF)
    assert (found.interactions, found.proposed, model.asked) == (0, 1.0, [])


def test_a_usable_proposal_is_corrected_by_clicks() -> None:
    proposal = square(4, 12)
    model = Model(REF)
    found = label(model, Person(usable=0.7), proposal)
    assert (found.interactions, found.corrected) == (1, True)
    (question,) = model.asked
    assert question.prompts.box is None
    assert question.prompts.points is not None
    assert (question.current == proposal).all()  # type: ignore[union-attr]


def test_a_bad_proposal_is_thrown_away() -> None:
    model = Model(REF)
    found = label(model, Person(usable=0.95), square(4, 12))
    assert (found.interactions, found.corrected) == (1, False)
    assert found.proposed == pytest.approx(2 * 64 / 164)
    assert model.asked[0].prompts.box is not None
    assert model.asked[0].current is None
