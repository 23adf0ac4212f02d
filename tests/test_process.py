"""Settings of the whole process, each tried in one of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

HEAP = """
import resource, threading
from samaritan.process import keep_heap
kept = keep_heap()
def touch():
    bytearray(b"1") * 2**25
thread = threading.Thread(target=touch)
thread.start()
thread.join()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
touch()
said = kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
"""

THREADS = """
import os
from samaritan.process import bind_threads
bind_threads(None)
before = os.environ.get("MKL_NUM_THREADS")
bind_threads(3)
said = before, os.environ["OMP_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]
"""

COLLECTOR = """
import gc
from samaritan.process import spare_collector
before = gc.get_threshold()
spare_collector()
said = before, gc.get_threshold()
"""


def said(code: str) -> Any:
    """What ``code`` leaves in ``said``, in a process of its own."""
    command = [sys.executable, "-c", f"{code}\nimport json\nprint(json.dumps(said))"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env={}).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_what_one_thread_gave_back_another_takes_without_fresh_pages() -> None:
    kept, faults = said(HEAP)
    assert kept
    assert faults < 100  # 8,192 pages hold the 32 MiB


def test_threads_are_bound_where_a_number_is_given() -> None:
    assert said(THREADS) == [None, "3", "3"]


def test_cyclic_garbage_is_looked_for_less_often() -> None:
    before, after = said(COLLECTOR)
    assert after[0] > 10 * before[0]
    assert after[1:] == before[1:]
