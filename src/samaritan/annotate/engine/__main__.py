"""The model process: ``python -m samaritan.annotate.engine``, started by :class:`samaritan.annotate.engine.Engine`.

It reads requests from stdin and answers on what was stdout; when stdin is closed, because the server ended, however it did,
this process ends, too, in the middle of whatever it does.
"""

from __future__ import annotations

import logging
import os
import sys

from samaritan.annotate.engine._pipe import own_pipe
from samaritan.process import bind_threads, keep_heap, spare_collector


def main() -> int:
    """Serve; returns the exit code."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    logging.basicConfig(format="%(levelname)s model process: %(message)s", level=logging.WARNING)
    keep_heap()
    spare_collector()
    pipe = own_pipe(lambda: os._exit(0))
    try:
        settings = pipe.read()
    except EOFError:
        return 0
    pipe.listen()
    bind_threads(settings.threads)
    from samaritan.annotate.engine._worker import work  # noqa: PLC0415  torch reads the number of threads when it is imported

    try:
        return work(settings, pipe)
    except BrokenPipeError:  # the server ended while it was being told something
        return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # the thread that waits for stdin holds its lock, at which an ordinary end would fail
