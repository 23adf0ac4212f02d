"""Requests beside the ones that are measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.annotate.server import Server

#: Between two of them, in seconds.
PAUSE = 0.05


@contextmanager
def asked_meanwhile(server: Server, path: str) -> Iterator[list[float]]:
    """Ask for ``path`` 20 times a second; yields the list of seconds that each took, which is filled until the block ends."""
    taken: list[float] = []
    over = threading.Event()

    def ask() -> None:
        while not over.wait(PAUSE):
            began = time.perf_counter()
            server.request("GET", path)
            taken.append(time.perf_counter() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield taken
    finally:
        over.set()
        thread.join()
