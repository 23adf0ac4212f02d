"""Which question goes to the model process next. Nothing is awaited here, so that the rules can be tested by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from samaritan.annotate.engine._wire import Use
from samaritan.annotate.engine.errors import QueueFullError
from samaritan.annotate.engine.requests import Attention, CaseQuestion, SliceQuestion, VolumeQuestion

Body = SliceQuestion | VolumeQuestion | CaseQuestion | Attention | Use

#: Slice questions of lanes that begin so are previews.
PREVIEW = "preview"


class Urgency(IntEnum):
    """The smaller, the sooner. A person who looks at a slice goes before proposals that nobody waits for."""

    USE = 0
    SLICE = 1
    PREVIEW = 2
    VOLUME = 3
    ATTENTION = 4
    CASE = 5


@dataclass(eq=False)
class Job:
    """A request of the parent side.

    Attributes:
        number: they count up.
        body: what is asked.
        frame: the same, packed.
        lane: jobs of one lane take each other's place; those without a lane stand by themselves.
        waiter: gets the answer; None where nobody waits.
        progress: is called with (slices done, slices at most).
        abandoned: nobody wants the answer any more.
    """

    number: int
    body: Body
    frame: Sequence[bytes] = ()
    lane: str = ""
    waiter: asyncio.Future[object] | None = None
    progress: Callable[[int, int], None] | None = None
    abandoned: bool = False

    @property
    def urgency(self) -> Urgency:
        """Before which others it goes."""
        if isinstance(self.body, SliceQuestion):
            return Urgency.PREVIEW if self.lane.startswith(PREVIEW) else Urgency.SLICE
        return {
            Use: Urgency.USE, VolumeQuestion: Urgency.VOLUME, Attention: Urgency.ATTENTION, CaseQuestion: Urgency.CASE,
        }[type(self.body)]  # fmt: skip

    @property
    def pauses(self) -> bool:
        """Whether the model process looks at its pipe between the slices of this work."""
        return isinstance(self.body, (VolumeQuestion, CaseQuestion, Attention))


class Lanes:
    """Jobs that wait, and those that the process works at, the innermost last.

    The process serves one question at a time. More urgent work that reaches it between two slices of a long one is done at
    once, inside it.

    Args:
        capacity: how many questions may wait or run; attention does not count, as nobody waits for it.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: list[Job] = []
        self._running: list[Job] = []

    @property
    def busy(self) -> bool:
        """Whether something is worked at that somebody waits for."""
        return any(job.waiter is not None for job in self._running)

    @property
    def length(self) -> int:
        """Questions that wait or run."""
        return sum(job.waiter is not None and not job.abandoned for job in (*self._waiting, *self._running))

    @property
    def innermost(self) -> Job | None:
        """What the process works at this moment."""
        return self._running[-1] if self._running else None

    def add(self, job: Job) -> list[Job]:
        """Put a job into the queue; returns those of its lane whose place it takes.

        Raises:
            QueueFullError: too many wait, and it takes nobody's place.
        """
        replaced = self.lane(job.lane) if job.lane else []
        if job.waiter is not None and self.length - len(replaced) >= self._capacity:
            raise QueueFullError(f"{self._capacity} questions wait for the model already; ask again in a moment.")
        for old in replaced:
            self.leave(old)
        self._waiting.append(job)
        self._waiting.sort(key=lambda one: (one.urgency, one.number))
        return replaced

    def lane(self, name: str) -> list[Job]:
        """The jobs of a lane that somebody may still want."""
        return [job for job in (*self._waiting, *self._running) if job.lane == name and not job.abandoned]

    def leave(self, job: Job) -> bool:
        """Nobody wants it any more; returns whether the process works at it and is to be told."""
        job.abandoned = True
        if job in self._waiting:
            self._waiting.remove(job)
        return job in self._running

    def next(self) -> Job | None:
        """The job that the process is to be given now, which counts as running from here on; None where it must wait."""
        if not self._waiting:
            return None
        job = self._waiting[0]
        if self._running and not (self._running[-1].pauses and job.urgency < self._running[-1].urgency):
            return None
        self._running.append(self._waiting.pop(0))
        return job

    def get(self, number: int) -> Job | None:
        """The running job of that number."""
        return next((job for job in self._running if job.number == number), None)

    def end(self, number: int) -> Job | None:
        """The process has answered."""
        job = self.get(number)
        if job is not None:
            self._running.remove(job)
        return job

    def clear(self) -> list[Job]:
        """Forget all jobs; returns those whose answers somebody waits for."""
        lost = [job for job in (*self._running, *self._waiting) if not job.abandoned]
        self._running, self._waiting = [], []
        return lost
