"""One case ahead and one behind: while a model works on a case, the next one is read and the last one is scored and stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

S = TypeVar("S")
T = TypeVar("T")


def ahead(items: Iterable[S], make: Callable[[S], T]) -> Iterator[T]:
    """``make`` of every item, in order; that of the next item runs in a thread while the caller uses the present one.

    What ``make`` raises is raised at its turn.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        waiting: Future[T] | None = None
        try:
            for item in items:
                present, waiting = waiting, pool.submit(make, item)
                if present is not None:
                    yield present.result()
            if waiting is not None:
                yield waiting.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class Behind:
    """Does one job at a time in a thread, in the order in which they come; leaving the block waits for the last.

    What a job raises comes out at the next job, or at the end of the block.
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
            self._wait()
        finally:
            self._pool.shutdown(wait=True)

    def do(self, job: Callable[[], None]) -> None:
        """Start a job once the one before is done: there is never more than one case in memory that waits."""
        self._wait()
        self._job = self._pool.submit(job)

    def _wait(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.result()
