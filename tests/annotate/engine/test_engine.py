"""The engine from the server's side, with a real process and a miniature model."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from samaritan.annotate.engine import ModelGoneError
from samaritan.annotate.engine.requests import ImageRef, SliceQuestion
from samaritan.core import Box, InputError, PromptSet
from tests.annotate.engine.conftest import Running

BOX = PromptSet(box=Box((15, 10), (29, 24)))


def test_a_slice_is_answered_and_encoded_once(running: Running, image: ImageRef) -> None:
    question = SliceQuestion(image, "axial", 5, BOX)
    first, second = (running.run(running.engine.ask(question)) for _ in range(2))
    assert (first.encoded, second.encoded) == (True, False)
    assert [mask.shape for mask in first.masks] == [(48, 40)] * len(first.masks)
    assert all((a == b).all() for a, b in zip(first.masks, second.masks, strict=True))
    assert first.qualities == second.qualities


def test_errors_of_the_process_arrive_as_they_are(running: Running, image: ImageRef) -> None:
    with pytest.raises(InputError, match="no slice 12; the axial slices run from 0 to 11"):
        running.run(running.engine.ask(SliceQuestion(image, "axial", 12, BOX)))


def test_a_killed_process_is_started_again(start: Callable[..., Running], image: ImageRef) -> None:
    running = start()
    running.run(running.engine.ready())
    before = running.engine.pid
    assert before is not None

    async def kill_while_asked() -> None:
        os.kill(before, signal.SIGKILL)
        await running.engine.ask(SliceQuestion(image, "axial", 5, BOX))

    with pytest.raises(ModelGoneError, match="was killed; most often the machine ran out of memory"):
        running.run(kill_while_asked())
    assert running.run(running.engine.ask(SliceQuestion(image, "axial", 5, BOX))).encoded
    assert running.engine.pid != before
