"""What an arm's process tells the bake-off that started it: one line of JSON for each event."""

from __future__ import annotations

import json
import threading
from typing import Any, TextIO


class Wire:
    """The Reporter of an arm in a process of its own; it ends with the process that listens.

    Args:
        stream: where lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream
        self._lock = threading.Lock()  # failures are told from the thread that scores

    def note(self, sentence: str) -> None:
        """Something a person should read."""
        self._tell(note=sentence)

    def step(self, number: int, done: float, loss: float, dice: float | None, minutes_left: float | None) -> None:
        """A training step is over."""
        self._tell(phase="training", step=number, done=done, loss=loss, dice=dice, minutes_left=minutes_left)

    def scoring(self) -> Scoring:
        """The training is over."""
        return Scoring(self)

    def tell_scored(self, done: int, units: int, error: str | None = None) -> None:
        """So many test cases of so many have all answers; ``error`` says why one of them has no scores."""
        self._tell(phase="scoring", done=done / max(units, 1), error=error)

    def _tell(self, **event: Any) -> None:
        with self._lock:
            if self._stream is None:
                return
            try:
                self._stream.write(json.dumps(event) + "\n")
                self._stream.flush()
            except BrokenPipeError:  # nobody listens any more: stop as if a person had asked for it, once
                self._stream = None
                raise KeyboardInterrupt from None


class Scoring:
    """Tells the wire about a benchmark."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._units = self._done = 0

    def plan(self, units: int) -> None:
        """So many cases are to be done."""
        self._units = units
        self._wire.tell_scored(0, units)

    def begin(self, title: str, slices: int) -> None:
        """Nothing."""

    def step(self) -> None:
        """Nothing."""

    def end(self) -> None:
        """The case has all answers."""
        self._done += 1
        self._wire.tell_scored(self._done, self._units)

    def fail(self, title: str, error: str) -> None:
        """The case has no scores."""
        self._wire.tell_scored(self._done, self._units, f"{title}: {error}")
