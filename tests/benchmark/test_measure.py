from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samaritan.benchmark._ask import Question
from samaritan.benchmark._masks import PackedMask
from samaritan.benchmark._measure import Measurement, after, groups_of
from samaritan.benchmark._targets import Target
from samaritan.prompts import make_prompt

SHAPE = (8, 6)


def block(*place: slice) -> PackedMask:
    mask = np.zeros(SHAPE, bool)
    mask[place] = True
    return PackedMask.of(mask)


def target(
    areas: dict[int, PackedMask], prompted: tuple[int, ...], instance: int | None = None, **given: Any
) -> Target:
    return Target("nucleus", 1, instance, "reference", areas, prompted, by_slice=False, sampled=False, **given)


def answered(prompt: str, *history: PackedMask, interactions: int = 1, quality: float = 0.5) -> Question:
    question = Question(make_prompt(prompt), np.zeros(SHAPE, bool), np.random.default_rng(0))
    question.history, question.interactions, question.quality = list(history), interactions, quality
    return question


LEFT, RIGHT, NOTHING = block(np.s_[0:2], np.s_[0:3]), block(np.s_[4:6], np.s_[0:3]), block(np.s_[0:0], np.s_[0:0])


def test_slices_add_up() -> None:
    one = Measurement(target({2: LEFT, 3: LEFT}, (2, 3)), make_prompt("points:2"), 0)
    one.keep(2, answered("points:2", LEFT, interactions=2, quality=0.4), show=False)
    one.keep(3, answered("points:2", LEFT, interactions=2, quality=0.8), show=True)
    assert (one.interactions, list(one.masks), list(one.prompts)) == (4, [2, 3], [3])
    assert one.quality == pytest.approx(0.6)
    assert one.dice_by_round is None


def test_rounds_keep_the_last_answer_and_count_slices_that_nobody_was_asked_about() -> None:
    """Slice 4 is part of the reference but too small to be prompted: its 6 pixels are missed in every round."""
    one = Measurement(target({2: LEFT, 3: LEFT, 4: LEFT}, (2, 3)), make_prompt("clicks:3"), 0)
    one.keep(2, answered("clicks:3", NOTHING, RIGHT, LEFT), show=False)
    one.keep(3, answered("clicks:3", LEFT), show=False)  # right at once
    assert one.dice_by_round == pytest.approx([2 * 6 / (6 + 18), 2 * 6 / (12 + 18), 2 * 12 / (12 + 18)])
    assert after([LEFT, RIGHT], 5) is RIGHT


def test_objects_are_united_round_by_round() -> None:
    parts = [target({0: LEFT}, (0,), 1, siblings=3), target({0: RIGHT}, (0,), 2, siblings=3)]
    (group,) = groups_of(parts, SHAPE)
    assert (group.whole.voxels, group.whole.sampled, group.whole.instance) == (12, True, None)  # 2 of 3 objects
    measurements = [Measurement(part, make_prompt("clicks:2"), 1) for part in parts]
    measurements[0].keep(0, answered("clicks:2", LEFT, quality=0.2), show=True)
    measurements[1].keep(0, answered("clicks:2", NOTHING, RIGHT, interactions=2, quality=0.6), show=True)
    whole = group.unite(measurements, SHAPE)
    assert whole.dice_by_round == pytest.approx([2 * 6 / (6 + 12), 1.0])
    assert (whole.interactions, whole.repeat) == (3, 1)
    assert whole.quality == pytest.approx(0.4)
    assert whole.masks[0].area == 12


def test_a_label_is_its_own_whole_and_is_shown_where_it_is_largest() -> None:
    one = target({1: LEFT, 5: block(np.s_[0:5], np.s_[0:5])}, (1, 5))
    (group,) = groups_of([one], SHAPE)
    measurement = Measurement(one, make_prompt("box"), 0)
    assert (group.whole, group.shown) == (one, 5)
    assert group.unite([measurement], SHAPE) is measurement
