"""How much memory this process holds, and how much the machine still gives it, in MiB."""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types
import torch

_MIB = 2**20

#: Where control groups say what a container may hold and holds: version 2, then version 1.
_LIMITS = (
    ("memory.max", "memory.current", "memory.stat"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
)


def peak_mb() -> float:
    """Most memory that this process has held so far; NaN where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return float("nan")
    # not getrusage: its peak includes what the process that started this one held
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else float("nan")


def held_mb(device: torch.device) -> float:
    """Memory that this process holds and uses now, of the machine or of the device."""
    if device.type == "cuda":
        return torch.cuda.memory_reserved(device) / _MIB
    _return_freed()
    return float(psutil.Process().memory_info().rss) / _MIB


def _return_freed() -> None:
    """Give the system what the heap only keeps (:func:`samaritan.process.keep_heap`): what comes next can have it."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
    if trim is not None:  # glibc has it
        trim(0)


def available_mb(device: torch.device, groups: Path = Path("/sys/fs/cgroup")) -> float:
    """Memory that can still be had without swapping: of the device, the machine, or the container with less.

    Args:
        device: where the network runs.
        groups: root of the control groups.
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] / _MIB
    free = float(psutil.virtual_memory().available)
    return min([free, *(_left(*(groups / name for name in names)) for names in _LIMITS)]) / _MIB


def _left(limit: Path, used: Path, statistics: Path) -> float:
    """What a control group has left; files in the page cache give way, so they do not count."""
    try:
        cached = re.search(r"^(?:total_)?inactive_file (\d+)", statistics.read_text(encoding="ascii"), re.MULTILINE)
        taken = int(used.read_text(encoding="ascii")) - (int(cached[1]) if cached else 0)
        return max(int(limit.read_text(encoding="ascii")) - taken, 0)
    except (OSError, ValueError):  # no such group, or "max"
        return float("inf")
