"""One case ahead and one behind: while a model works on a case, the next one is read and the last one is scored and stored."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

log = logging.getLogger(__name__)

S = TypeVar("S")
T = TypeVar("T")


def ahead(items: Iterable[S], make: Callable[[S], T], early: Callable[[S], bool]) -> Generator[T, None, None]:
    """``make`` of every item, in order and in one thread of its own; a generator, to be closed by who leaves early.

    What is ``early`` is made while the caller uses the item before it, all else when the caller asks for it. What ``make``
    raises is raised at its turn.
    """
    left = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        item, coming = next(left, None), None
        while item is not None:
            made = [(coming or pool.submit(make, item)).result()]
            item = next(left, None)
            coming = pool.submit(make, item) if item is not None and early(item) else None
            yield made.pop()  # nothing here holds it any longer


class Behind:
    """Does one job at a time in a thread, in the order in which they come; leaving the block waits for the last.

    What a job raises comes out at the next job, or at the end of the block, unless the block itself ends with an error.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="behind")
        self._job: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.wait()
        except Exception as late:
            if error is None:
                raise
            log.warning("What was measured last is not stored: %s", late)
        finally:
            self._pool.shutdown(wait=True)

    def do(self, job: Callable[[], None]) -> None:
        """Start a job once the one before is done: there is never more than one case in memory that waits."""
        self.wait()
        self._job = self._pool.submit(job)

    def wait(self) -> None:
        """Until nothing is being done; raises what the job raised."""
        if self._job is not None:
            job = self._job
            try:
                job.result()
            finally:
                if job.done():  # not when somebody interrupts the waiting
                    self._job = None
