"""What an arm tells: lines of JSON, until nobody listens."""

from __future__ import annotations

import io
import json

import pytest

from samaritan.bakeoff._wire import Wire


class Closed(io.StringIO):
    """A pipe whose reader is gone."""

    def write(self, text: str, /) -> int:
        raise BrokenPipeError


def test_training_and_scoring_are_told() -> None:
    stream = io.StringIO()
    wire = Wire(stream)
    wire.note("LoRA")
    wire.step(3, 0.5, 0.25, None, 1.5)
    scoring = wire.scoring()
    scoring.plan(2)
    scoring.begin("case0", 1)
    scoring.step()
    scoring.end()
    scoring.end()
    scoring.fail("set case1", "not readable")
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert events[0] == {"note": "LoRA"}
    assert events[1] == {"phase": "training", "step": 3, "done": 0.5, "loss": 0.25, "dice": None, "minutes_left": 1.5}
    assert [(event["done"], event["error"]) for event in events[2:]] == [
        (0, None), (0.5, None), (1, None), (1, "set case1: not readable"),
    ]  # fmt: skip


def test_who_is_not_heard_stops_once_and_may_then_save() -> None:
    wire = Wire(Closed())
    with pytest.raises(KeyboardInterrupt):
        wire.step(1, 0.1, 0.2, None, None)
    wire.note("saved")
