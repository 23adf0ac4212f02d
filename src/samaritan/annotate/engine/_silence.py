"""How long the model process may say nothing while something is asked of it; one that hangs is noticed by nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from samaritan.annotate.engine._lanes import Job, Urgency


@dataclass(frozen=True)
class Patience:
    """Seconds without a word, after which the process is ended and started again; generous, since a processor may be slow.

    Long work says something after every slice, which starts the time anew.

    Attributes:
        starting: until the model is loaded.
        slice: one slice: reading the image, encoding, decoding.
        volume: between two slices of a volume.
        attention: all slices around the one that is looked at.
        case: between two targets of a case.
        use: until an adapter is loaded.
    """

    starting: float = 600.0
    slice: float = 300.0
    volume: float = 300.0
    attention: float = 900.0
    case: float = 600.0
    use: float = 600.0

    def of(self, job: Job) -> float:
        """For what the process works at."""
        return {
            Urgency.USE: self.use, Urgency.SLICE: self.slice, Urgency.PREVIEW: self.slice, Urgency.VOLUME: self.volume,
            Urgency.ATTENTION: self.attention, Urgency.CASE: self.case,
        }[job.urgency]  # fmt: skip


class Silence:
    """A clock from one word of the process to the next.

    Args:
        patience: how long it may run.
        hung: is called in the event loop with the seconds that passed without a word.
    """

    def __init__(self, patience: Patience, hung: Callable[[float], None]) -> None:
        self._patience = patience
        self._hung = hung
        self._timer: asyncio.TimerHandle | None = None

    def starting(self) -> None:
        """The process was started and loads its model."""
        self._expect(self._patience.starting)

    def working(self, job: Job | None) -> None:
        """It has said something, or was given something to do; None: it has nothing to do, and need not say anything."""
        self._expect(None if job is None else self._patience.of(job))

    def end(self) -> None:
        """There is no process."""
        self._expect(None)

    def _expect(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._hung, seconds)
