"""What every strategy of propagation must do, whatever the model."""

from __future__ import annotations

import numpy as np
import pytest

from samaritan.core import Box, PromptSet
from samaritan.predict import VolumePredictor, VolumeSession
from samaritan.predict.propagate import STRATEGIES

from ..predict.propagate.conftest import Ball, balls, box_on
from ..predict.propagate.test_memory import Tracker

SHAPE = (44, 40, 30)
BALL: Ball = (14, 15, 14, 10)
OTHER: Ball = (34, 30, 20, 6)
VOLUME = balls(SHAPE, BALL, OTHER)
ASKED = {"ball": {k: box_on(VOLUME, k, BALL) for k in (8, 12, 18)}, "other": {20: box_on(VOLUME, 20, OTHER)}}


def session_of(name: str) -> VolumeSession:
    return VolumeSession(VolumePredictor(Tracker(), VOLUME, intensity="asis", keep=99), name)


every = pytest.mark.parametrize("name", STRATEGIES.names())


@every
def test_targets_asked_together_get_what_they_get_alone(name: str) -> None:
    together, alone = session_of(name), session_of(name)
    visited = together.ask_all(ASKED)
    assert together.predictor.encode_calls <= len(set().union(*visited.values()))
    for target, prompts in ASKED.items():
        assert alone.ask(target, prompts) == visited[target]
        assert np.array_equal(alone.mask(target), together.mask(target))
        assert alone.quality(target) == together.quality(target)
        assert alone.stops(target) == together.stops(target)


@every
def test_asking_in_steps_gives_what_asking_at_once_gives(name: str) -> None:
    once, steps = session_of(name), session_of(name)
    once.ask("ball", ASKED["ball"])
    for index in (18, 8, 12):
        steps.ask("ball", {index: ASKED["ball"][index]})
    assert once.found("ball").keys() == steps.found("ball").keys()
    assert np.array_equal(once.mask("ball"), steps.mask("ball"))
    assert once.stops("ball") == steps.stops("ball")


@every
def test_correction_changes_nothing_beyond_its_prompted_neighbours(name: str) -> None:
    session = session_of(name)
    session.ask_all(ASKED)
    before, other = session.found("ball"), session.found("other")
    touched = session.ask("ball", {12: PromptSet(box=Box((9, 9), (15, 15)))})
    assert 12 in touched
    assert touched <= set(range(9, 18))
    after = session.found("ball")
    assert all(after[index] is before[index] for index in before if index not in touched)
    assert session.found("other") == other
    assert session.picture_mask("ball", 12).sum() == 7 * 7


@every
def test_bounds_are_kept_and_prompted_slices_answered_as_asked(name: str) -> None:
    session = session_of(name)
    session.ask_all({"ball": ASKED["ball"]}, bounds={"ball": (7, 19)})
    found = session.found("ball")
    assert set(found) <= set(range(7, 20))
    assert {index for index, one in found.items() if one.origin == "prompt"} == {8, 12, 18}
    for index in (8, 12, 18):
        assert np.array_equal(
            session.picture_mask("ball", index), VOLUME.data[:, :, index] * (np.indices(SHAPE[:2])[0] < 26) > 100
        )


@every
def test_it_says_what_it_is(name: str) -> None:
    strategy = STRATEGIES.get(name)
    assert strategy.name == name
    assert 10 < len(strategy.title) < 100
