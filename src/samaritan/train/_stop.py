"""A person's wish to end a run: granted at the end of the step, so that what is saved is whole; at once when it is repeated."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Stop:
    """Whether the run shall end.

    Attributes:
        asked: True after Ctrl-C, or after a request to terminate.
    """

    asked: bool = False


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Note the first SIGINT or SIGTERM; the second raises KeyboardInterrupt where the work is just then.

    Outside the main thread, where Python has no signals, nothing is noted.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def note(number: int, frame: Any) -> None:  # noqa: ARG001 - the signature of handlers
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
