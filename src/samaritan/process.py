"""Settings of the whole process, which only the command line may change: threads and the heap."""

from __future__ import annotations

import ctypes
import os
import sys

#: Parameters of glibc's mallopt (malloc.h).
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4


def bind_threads(threads: int | None) -> None:
    """Bind every numerical library to ``threads``; to be called before torch is imported, since some read it only then."""
    if threads:
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[name] = str(threads)


def keep_heap() -> bool:
    """Let glibc keep freed memory for the next activation instead of giving it back to the system after every operation.

    Without this a network on the processor spends up to 40 % of its time on fresh pages; with it the process holds its peak
    memory until it ends. Returns whether it took effect (glibc only).
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_MMAP_MAX, 0)) and bool(mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))
