from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import samaritan.benchmark._ask as ask_module
from samaritan.benchmark._ask import Question, ask
from samaritan.core import Volume
from samaritan.predict.volume import VolumePredictor
from samaritan.prompts import make_prompt


@pytest.fixture
def asked(threshold: Any, make_case: Any, picture: Any) -> Any:
    """``asked(prompt, ...)`` -> the answered questions about the one target of ``picture``."""

    def run(*prompts: str, ref: Any = None) -> list[Question]:
        image: Volume = make_case("a", picture).read_image()
        predictor = VolumePredictor(threshold, image, intensity="asis")
        target = picture[:, :, 0] > 0 if ref is None else ref
        questions = [Question(make_prompt(p), target, np.random.default_rng(0)) for p in prompts]
        ask(predictor, 0, questions)
        return questions

    return run


def test_interactions_are_acts_of_a_person(asked: Any) -> None:
    prompts = ("box", "points:2+3", "box+point", "mask", "image", "none", "everything:4", "huang:S1", "clicks:3")
    counts = {q.strategy.name: q.interactions for q in asked(*prompts)}
    assert counts.pop("clicks:3") == 3  # the logits that go back with clicks 2 and 3 are no acts
    assert counts == {
        "box": 1, "points:2+3": 5, "box+point": 2, "mask": 1, "image": 0, "none": 0, "everything:4": 0, "huang:S1": 0,
    }  # fmt: skip


def test_answers_to_several_prompts_are_united(asked: Any) -> None:
    """Two pieces of the bright block, one box each."""
    ref = np.zeros((20, 16), bool)
    ref[4:6, 5:10] = ref[10:12, 5:10] = True
    (question,) = asked("boxes", ref=ref)
    assert len(question.prompts) == 2
    assert (question.mask == ref).all()
    assert question.quality == pytest.approx(0.8)


def test_nothing_is_asked_about_an_empty_reference(asked: Any, threshold: Any) -> None:
    (question,) = asked("clicks:3", ref=np.zeros((20, 16), bool))
    assert (question.mask.any(), question.quality, question.interactions, len(question.history)) == (False, None, 0, 1)
    assert threshold.encoded == 0


def test_an_answer_that_is_right_is_not_corrected(asked: Any) -> None:
    small = np.zeros((20, 16), bool)
    small[7:9, 7:9] = True
    clicks, box = asked("clicks:5", "box:candidates=single", ref=small)
    assert len(clicks.history) == 5  # each click brings more of the bright block than the reference has
    assert len(box.history) == 1


def test_oracle_takes_the_candidate_of_highest_dice(asked: Any) -> None:
    first, quality, oracle = asked("box:first", "box:quality", "box:oracle")
    assert [q.mask.any() for q in (first, quality, oracle)] == [False, False, True]
    assert [q.quality for q in (first, quality, oracle)] == pytest.approx([0.2, 0.9, 0.5])


def test_memory_bounds_a_decoder_call_and_changes_no_answer(
    asked: Any, threshold: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = ("box", "box:margin=0.2", "points:2", "point", "everything:4:quality=0,stability=0")
    whole = [q.mask for q in asked(*prompts)]
    threshold.batches.clear()
    monkeypatch.setattr(ask_module, "MAX_PROMPTS", 3)
    assert all((q.mask == mask).all() for q, mask in zip(asked(*prompts), whole, strict=True))
    assert threshold.batches == [3, 1, 3, 3, 3, 3, 3, 1]
    threshold.batches.clear()
    monkeypatch.setattr(ask_module, "MAX_LOGITS", 2 * 20 * 16)  # two masks of the picture, no candidates beside them
    asked("box", "box:margin=0.2", "points:2", "box:oracle")
    assert threshold.batches == [2, 1, 1]
