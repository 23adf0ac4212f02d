"""Settings of the whole process, which only the command line may change: threads, the heap, the garbage collector."""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import sys

#: Parameters of glibc's mallopt (malloc.h).
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_M_ARENA_MAX = -8

#: So many new objects between two looks for cyclic garbage, where Python's own number is 700.
_BETWEEN_COLLECTIONS = 20_000


def bind_threads(threads: int | None) -> None:
    """Bind every numerical library to ``threads``; to be called before torch is imported, since some read it only then."""
    if threads:
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[name] = str(threads)


def keep_heap() -> bool:
    """Let glibc keep freed memory for the next activation instead of giving it back to the system after every operation.

    Without this a network on the processor spends up to 40 % of its time on fresh pages; with it the process holds its peak
    memory until it ends. All threads share one heap: a thread that encodes beside another would keep a peak of its own.
    Returns whether it took effect (glibc only).
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return all(mallopt(*one) for one in ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_ARENA_MAX, 1)))


def spare_collector() -> None:
    """Look for cyclic garbage less often, and not once more when the process ends.

    Importing torch makes hundreds of thousands of objects that stay; looking through them again and again, and a last time
    at exit, takes a third of the time of a start.
    """
    gc.set_threshold(_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)
