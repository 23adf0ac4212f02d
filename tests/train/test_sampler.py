"""What each step trains on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from samaritan.core import InputError
from samaritan.prompts import make_prompt
from samaritan.train import TrainConfig
from samaritan.train._examples import Example, Target
from samaritan.train._sampler import Drawn, Sampler


def sampler(*examples: Example, seed: int = 0, variants: int = 1, mode: str = "upright") -> Sampler:
    config = TrainConfig(data=("-",), seed=seed, targets=1)
    return Sampler(examples, [make_prompt("box:jitter=0.1"), make_prompt("point")], config, mode, variants)  # type: ignore[arg-type]


def alike(one: Drawn, other: Drawn) -> bool:
    same_prompts = [repr(q.prompt) for q in one.questions] == [repr(q.prompt) for q in other.questions]
    return np.array_equal(one.example.pictures, other.example.pictures) and same_prompts


def test_a_draw_depends_on_seed_step_and_slot_alone(example: Example) -> None:
    first = sampler(example, variants=9)
    expected = {(step, slot): first.draw(step, slot, 0) for step in range(3) for slot in range(3)}
    second = sampler(example, variants=9)
    for step, slot in reversed(expected):  # in another order, by another sampler
        assert alike(second.draw(step, slot, 0), expected[step, slot])
    draws = list(expected.values())
    assert sum(alike(one, draws[0]) for one in draws) == 1
    assert not alike(sampler(example, seed=1, variants=9).draw(0, 0, 0), draws[0])


def test_questions_know_the_number_of_their_picture(example: Example) -> None:
    assert [q.picture for q in sampler(example).draw(5, 1, number=3).questions] == [3]


def test_patients_are_equally_likely_however_many_pictures_they_have(example: Example) -> None:
    many = [replace(example, key=f"anna{n}") for n in range(9)]
    one = replace(example, key="bert", patient="bert")
    drawn = Counter(sampler(*many, one, mode="none").draw(step, 0, 0).example.patient for step in range(300))
    assert drawn["bert"] / 300 == pytest.approx(0.5, abs=0.1)  # 3.5 standard deviations


def test_every_version_is_drawn_and_no_other(example: Example) -> None:
    few = sampler(example, variants=3)
    kinds = {few.draw(step, 0, 0).example.pictures.tobytes() for step in range(40)}
    assert len(kinds) == 3
    assert example.pictures.tobytes() in kinds


def test_a_picture_without_a_question_is_drawn_anew_and_only_those_are_refused(example: Example) -> None:
    empty = replace(example, targets=(Target("organ", {"reference": np.zeros((40, 32), np.float32)}),))
    mixed = sampler(example, replace(empty, patient="bert"), mode="none")
    assert all(len(mixed.draw(step, 0, 0).questions) == 1 for step in range(20))
    with pytest.raises(InputError, match=r"Nothing could be asked about set/case/0 and others with box:jitter=0\.05"):
        sampler(empty, mode="none").draw(0, 0, 0)
