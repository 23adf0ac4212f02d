"""What is asked about a picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.core import Box, Points
from samaritan.prompts import make_prompt
from samaritan.train._examples import Example, Target
from samaritan.train._questions import Question, ask, solid

SHAPE = (40, 32)


def square(x: int, y: int, side: int = 4, value: float = 1.0) -> NDArray[np.float32]:
    mask = np.zeros(SHAPE, np.float32)
    mask[x : x + side, y : y + side] = value
    return mask


def of(*targets: tuple[str, NDArray[np.float32]]) -> Example:
    found = tuple(Target(name, {"reference": mask}) for name, mask in targets)
    return Example("set/case/0", "p", None, np.zeros((1, *SHAPE, 3), np.float16), found)


def questions(
    example: Example, prompt: str = "box", *, limit: int = 9, seed: int = 0, **options: Any
) -> list[Question]:
    strategies = [make_prompt(text) for text in prompt.split()]
    return ask(example, 0, strategies, limit, np.random.default_rng(seed), **options)


def box_of(question: Question) -> list[float]:
    box = question.prompt.box
    assert isinstance(box, Box)
    return [*box.lo[:2], *box.hi[:2]]


def test_a_question_asks_for_its_target_and_says_its_name() -> None:
    (question,) = questions(of(("liver", square(6, 10))))
    assert question.prompt.text == "liver"
    assert box_of(question) == [6, 10, 9, 13]
    assert np.array_equal(question.mask, square(6, 10))
    assert np.array_equal(question.ref, square(6, 10) > 0)
    assert (question.shape, question.rounds, question.picture) == (SHAPE, 1, 0)


def test_the_same_stream_asks_the_same() -> None:
    example = of(*((f"t{n}", square(4 * n, 3 * n)) for n in range(6)))

    def asked(seed: int) -> list[str]:
        return [repr(q.prompt) for q in questions(example, "box:jitter=0.2 point", limit=3, seed=seed)]

    assert asked(1) == asked(1)
    assert len({tuple(asked(seed)) for seed in range(6)}) == 6


def test_every_name_comes_once_before_any_comes_again() -> None:
    example = of(*(("cell", square(5 * n, 2)) for n in range(6)), ("vessel", square(5, 20)), ("gland", square(20, 20)))
    starts = set()
    for seed in range(30):
        names = [str(q.prompt.text) for q in questions(example, seed=seed)]
        assert sorted(names[:3]) == ["cell", "gland", "vessel"]
        assert names[3:] == ["cell"] * 5
        starts.add(names[0])
        assert sorted(q.prompt.text or "" for q in questions(example, limit=2, seed=seed)) != ["cell", "cell"]
    assert starts == {"cell", "gland", "vessel"}


def test_each_strategy_is_taken() -> None:
    example = of(("a", square(6, 10)))
    kinds = {questions(example, "box point", seed=seed)[0].prompt.box is None for seed in range(12)}
    assert kinds == {True, False}


def test_random_raters_are_each_drawn_and_the_gold_standard_otherwise() -> None:
    masks = {name: square(3 * n, 3 * n) for n, name in enumerate(("reference", "anna", "bob"))}
    example = replace(of(), targets=(Target("a", masks),))
    drawn = [questions(example, seed=seed, random_rater=True)[0].mask for seed in range(60)]
    counts = [sum(np.array_equal(mask, one) for one in drawn) for mask in masks.values()]
    assert sum(counts) == 60
    assert min(counts) > 8
    assert all(np.array_equal(questions(example, seed=seed)[0].mask, masks["reference"]) for seed in range(9))


def test_several_boxes_ask_for_their_own_part_each() -> None:
    one, other = square(3, 3, 8), square(25, 20)
    seen = set()
    for seed in range(12):
        (question,) = questions(of(("a", one + other)), "boxes", seed=seed)
        part = one if box_of(question)[0] == 3 else other
        assert np.array_equal(question.mask, part)
        seen.add(box_of(question)[0])
    assert seen == {3, 25}


def test_one_box_around_several_pieces_asks_for_all() -> None:
    both = square(3, 3, 8) + square(25, 20)
    assert np.array_equal(questions(of(("a", both)), "box")[0].mask, both)


def test_a_correction_clicks_where_the_answer_is_wrong() -> None:
    wanted = square(6, 6, 10)
    asked = [questions(of(("liver", wanted)), "clicks:3", seed=seed)[0] for seed in range(20)]
    assert {question.rounds for question in asked} == {1, 2, 3}
    question = asked[0]
    answer = np.where(wanted > 0, 5, -5).astype(np.float32)
    answer[6:16, 11:16] = -5  # half of it is missed
    question.correct(answer, np.zeros((64, 64), np.float32))
    points = question.prompt.points
    assert isinstance(points, Points)
    assert len(points) == 2
    x, y = points.ijk[1, :2].astype(int)
    assert points.labels[1] == 1
    assert 6 <= x < 16
    assert 11 <= y < 16
    assert question.prompt.text == "liver"

    answer[wanted > 0] = 5
    answer[20:30, 20:30] = 5  # and too much elsewhere
    question.correct(answer, np.zeros((64, 64), np.float32))
    points = question.prompt.points
    assert isinstance(points, Points)
    assert points.labels[2] == 0
    assert (points.ijk[2, :2] >= 20).all()


def test_nothing_is_asked_about_an_empty_mask() -> None:
    assert questions(of(("a", square(0, 0, value=0)))) == []
    assert [q.prompt.text for q in questions(of(("a", square(0, 0, value=0)), ("b", square(4, 4))), limit=1)] == ["b"]


@pytest.mark.parametrize(("value", "half_of_it"), [(0.4, False), (0.01, False), (0.3, True)])
def test_what_is_thinner_than_a_pixel_is_asked_for_and_scored(value: float, half_of_it: bool) -> None:
    line = square(0, 0, value=0)
    line[5, 2:30] = value
    line[6, 2:30] = value / 4
    if half_of_it:
        line[5, 2:4] = 0.6  # two pixels that mostly belong to it are not the whole
        line[5, 4:30] = 0.35
    (question,) = questions(of(("vessel", line)))
    assert np.array_equal(question.ref, line >= line[5, 29])
    assert box_of(question) == [5, 2, 5, 29]


def test_a_small_target_is_no_larger_than_its_pixels() -> None:
    dot = square(5, 5, 1)
    dot[5, 6] = 0.45
    assert solid(dot).sum() == 1
