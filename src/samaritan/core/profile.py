"""Where the time of a run goes: parts that are named where they happen, and added up when somebody asks.

Nothing is recorded, and nothing is paid but one look, until :func:`profiling` is entered.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

#: Parts of a run, in the order in which a table has them.
PARTS = ("load", "read", "prepare", "encode", "cache", "decode", "score", "write", "report")


class Profile:
    """Seconds of each part. Time in an inner part does not count for the part around it.

    Attributes:
        seconds: part -> wall-clock seconds, in whatever thread.
        beside: part -> those seconds of it that ran in other threads than the one that began the profile.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.beside: dict[str, float] = defaultdict(float)
        self._began = time.perf_counter()
        self._total: float | None = None
        self._owner = threading.get_ident()
        self._lock = threading.Lock()
        self._inner = threading.local()

    @property
    def total(self) -> float:
        """Seconds from the beginning to the end, or to now."""
        return time.perf_counter() - self._began if self._total is None else self._total

    def stop(self) -> None:
        """The run is over."""
        self._total = self.total

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what runs inside as ``name``."""
        around = getattr(self._inner, "spent", 0.0)
        self._inner.spent = 0.0
        started = time.perf_counter()
        try:
            yield
        finally:
            whole = time.perf_counter() - started
            with self._lock:
                self.seconds[name] += whole - self._inner.spent
                if threading.get_ident() != self._owner:
                    self.beside[name] += whole - self._inner.spent
            self._inner.spent = around + whole

    def table(self) -> list[dict[str, Any]]:
        """One row per part, then the rest, such as waiting for other threads.

        Seconds of a part that ran beside others, in a thread of their own, are told apart and do not count in its share.
        """
        names = [name for name in (*PARTS, *sorted(self.seconds.keys() - set(PARTS))) if name in self.seconds]
        rows = [(name, self.seconds[name], self.beside[name]) for name in names]
        rest = self.total - sum(seconds - beside for _, seconds, beside in rows)
        return [
            {
                "part": name,
                "seconds": round(seconds, 3),
                "share": round((seconds - beside) / self.total, 4),
                "beside": round(beside, 3),
            }
            for name, seconds, beside in (*rows, ("other", max(rest, 0.0), 0.0))
        ]


_active: list[Profile] = []


@contextmanager
def profiling() -> Iterator[Profile]:
    """Record all parts of this process until the end of the block."""
    profile = Profile()
    _active.append(profile)
    try:
        yield profile
    finally:
        profile.stop()
        _active.remove(profile)


def part(name: str) -> AbstractContextManager[None]:
    """Count what runs inside as ``name``, where a profile is being made."""
    return _active[-1].part(name) if _active else nullcontext()
