"""The training process of Improve: ``python -m samaritan.annotate.learn JOB.json``.

It says one JSON object a line on standard output, and stops when its standard input ends: then nobody waits for it any more.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

from samaritan.core import SamaritanError
from samaritan.process import bind_threads, keep_heap

#: Prompting has priority.
NICE = 10


def main(file: str) -> int:
    """Train, and say how it went; 0 done, 1 refused (the reason was said), 130 stopped."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from samaritan.annotate.learn.plan import Job  # noqa: PLC0415  threads are bound before torch comes in

    job = Job.read(file)
    bind_threads(job.threads)
    keep_heap()
    from samaritan.annotate.learn.job import run  # noqa: PLC0415

    try:
        outcome = run(job, _say)
    except SamaritanError as error:
        _say({"state": "failed", "sentence": str(error)})
        return 1
    if outcome is None:
        return 130
    _say({"state": "ready", **outcome.facts()})
    return 0


def _say(words: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    while os.read(0, 1):  # not sys.stdin, whose lock would be held when this process ends by itself
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
