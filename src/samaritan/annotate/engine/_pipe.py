"""The model process's side of the pipe."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import IO, Any

from samaritan.annotate.engine._wire import HEAD, Cancel, Request, pack, unpack


class Pipe:
    """Messages in and out; a thread of its own reads, so that the process notices cancelled work and the server's end.

    Args:
        source: what the server writes.
        sink: what it reads.
        gone: is called, in that thread, when the server has closed its end or died.
    """

    def __init__(self, source: IO[bytes], sink: IO[bytes], gone: Callable[[], None]) -> None:
        self._source = source
        self._sink = sink
        self._gone = gone
        self._requests: SimpleQueue[Request] = SimpleQueue()
        self._cancelled: set[int] = set()

    def read(self) -> Any:
        """The next message, by whoever calls; for the first one.

        Raises:
            EOFError: the server is gone.
        """
        tree, arrays = HEAD.unpack(self._exactly(HEAD.size))
        return unpack(self._exactly(tree), self._exactly(arrays))

    def listen(self) -> None:
        """Read from now on in the background."""
        threading.Thread(target=self._listen, name="pipe", daemon=True).start()

    def wait(self) -> Request:
        """The next request, as soon as there is one."""
        return self._requests.get()

    def arrived(self, within: float = 0.0) -> Request | None:
        """The next request, if it is there or comes within so many seconds."""
        try:
            return self._requests.get(timeout=within) if within else self._requests.get_nowait()
        except Empty:
            return None

    def cancelled(self, number: int) -> bool:
        """Whether nobody waits for that request any more."""
        return number in self._cancelled

    def forget(self, number: int) -> None:
        """That request is done."""
        self._cancelled.discard(number)

    def send(self, message: object) -> None:
        """Tell the server."""
        for chunk in pack(message):
            self._sink.write(chunk)
        self._sink.flush()

    def _listen(self) -> None:
        try:
            while True:
                message = self.read()
                if isinstance(message, Cancel):
                    self._cancelled.add(message.number)
                else:
                    self._requests.put(message)
        except EOFError:
            pass
        finally:
            self._gone()

    def _exactly(self, size: int) -> bytes:
        data = self._source.read(size)
        if len(data) < size:
            raise EOFError
        return data


def own_pipe(gone: Callable[[], None]) -> Pipe:
    """The pipe of this process, which nothing else can write into: what a library prints goes to the log."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return Pipe(sys.stdin.buffer, sink, gone)
