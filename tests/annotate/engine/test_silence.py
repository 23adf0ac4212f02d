"""A model process that hangs: a fake one that loads at once, and stops answering when it is told to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from samaritan.annotate.engine import Engine, EngineSettings, ModelGoneError, Patience
from samaritan.annotate.engine._lanes import Job
from samaritan.annotate.engine._silence import Silence
from samaritan.annotate.engine._wire import Use
from samaritan.annotate.engine.requests import (
    Attention,
    CaseQuestion,
    ImageRef,
    SliceQuestion,
    VolumeAnswer,
    VolumeQuestion,
)
from samaritan.annotate.messages import ModelState
from samaritan.core import Box, PromptSet

IMAGE = ImageRef("a", Path("a.nii"))
PROMPT = PromptSet(box=Box((1, 1), (4, 4)))


async def served(patience: Patience, states: list[ModelState]) -> Engine:
    engine = Engine(EngineSettings(model="fake"), states.append, patience=patience)
    await engine.start()
    await engine.ready()
    return engine


@pytest.mark.slow
def test_one_that_hangs_is_ended_and_started_again_and_whoever_waited_is_told(fake: Callable[..., None]) -> None:
    fake("hang")
    states: list[ModelState] = []

    async def ask() -> tuple[str, bool, VolumeAnswer]:
        engine = await served(Patience(slice=0.3, volume=0.5), states)
        before, began = engine.pid, time.monotonic()
        with pytest.raises(ModelGoneError) as refused:
            await engine.ask(SliceQuestion(IMAGE, "axial", 0, PROMPT))
        assert time.monotonic() - began < 3
        await engine.ready()
        another = engine.pid != before
        long = await engine.propagate(VolumeQuestion(IMAGE, "axial", {0: PROMPT}))  # longer than its limit, with words
        await engine.stop()
        return str(refused.value), another, long

    sentence, another, long = asyncio.run(ask())
    assert sentence == (
        "The model process said nothing for 0.3 s and was ended. It is being started again; ask once more in a moment."
    )
    assert another
    assert isinstance(long, VolumeAnswer)
    assert "restarting" in [state.state for state in states]


@pytest.mark.slow
def test_one_that_hangs_while_it_loads_is_ended_too(fake: Callable[..., None]) -> None:
    fake("hang", "once")

    async def load() -> list[str]:
        states: list[ModelState] = []
        engine = await served(Patience(starting=1.5, slice=0.2), states)
        with pytest.raises(ModelGoneError):
            await engine.ask(SliceQuestion(IMAGE, "axial", 0, PROMPT))
        pid = engine.pid
        while engine.pid in (None, pid) or "1.5 s" not in engine.state.sentence:
            await asyncio.sleep(0.02)
        await engine.stop()
        return [state.sentence for state in states]

    sentences = asyncio.run(asyncio.wait_for(load(), 20))
    assert any("said nothing for 1.5 s" in sentence for sentence in sentences)


def test_every_kind_of_work_has_a_limit() -> None:
    patience = Patience(*range(1, 1 + len(fields(Patience))))
    slice_question = SliceQuestion(IMAGE, "axial", 0, PROMPT)
    jobs = {
        2: Job(1, slice_question), 3: Job(2, VolumeQuestion(IMAGE, "axial", {})), 4: Job(3, Attention(IMAGE, "axial", 0)),
        5: Job(4, CaseQuestion(IMAGE, ("liver",))), 6: Job(5, Use(None)),
    }  # fmt: skip
    assert {limit: patience.of(job) for limit, job in jobs.items()} == {limit: limit for limit in jobs}
    assert patience.of(Job(6, slice_question, lane="preview")) == patience.slice


def test_a_process_with_nothing_to_do_may_be_silent() -> None:
    async def wait() -> list[float]:
        hung: list[float] = []
        silence = Silence(Patience(starting=0.05, slice=0.05), hung.append)
        silence.starting()
        silence.working(Job(1, SliceQuestion(IMAGE, "axial", 0, PROMPT)))
        silence.working(None)
        await asyncio.sleep(0.1)
        assert hung == []
        silence.starting()
        await asyncio.sleep(0.1)
        silence.end()
        return hung

    assert asyncio.run(wait()) == [0.05]
