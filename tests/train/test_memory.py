from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]
import pytest
import torch

from samaritan.train._memory import available_mb, held_mb, peak_mb

CPU = torch.device("cpu")
GIB = 2**30


@pytest.fixture(autouse=True)
def free(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine has 8 GiB left."""
    left = psutil.virtual_memory()._replace(available=8 * GIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: left)


def test_the_peak_is_at_least_what_is_held() -> None:
    array = np.ones(60 * 2**17)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert array.nbytes / 2**20 < held_mb(CPU) <= peak_mb() + 1 <= most + 2


@pytest.mark.slow
def test_what_the_heap_only_keeps_is_not_held() -> None:
    program = """
import torch
from samaritan.process import keep_heap
from samaritan.train._memory import held_mb
if not keep_heap():
    raise SystemExit(77)
before = held_mb(torch.device("cpu"))
pieces = [torch.ones(2**18) for _ in range(200)]
last = torch.ones(16)
del pieces
print(held_mb(torch.device("cpu")) - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("the C library of this system is not glibc")
    assert float(done.stdout) < 50, done.stderr


def test_without_control_groups_the_machine_counts(tmp_path: Path) -> None:
    assert available_mb(CPU, tmp_path) == 8192


def test_a_container_has_what_its_group_has_left(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(f"{4 * GIB}\n")
    (tmp_path / "memory.current").write_text(f"{3 * GIB}\n")
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {GIB // 2}\n")
    assert available_mb(CPU, tmp_path) == 1536  # files in the cache give way
    (tmp_path / "memory.current").write_text(f"{6 * GIB}\n")
    assert available_mb(CPU, tmp_path) == 0
    (tmp_path / "memory.max").write_text("max\n")
    assert available_mb(CPU, tmp_path) == 8192


def test_groups_of_the_first_version(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    folder.mkdir()
    (folder / "memory.limit_in_bytes").write_text(f"{2 * GIB}\n")
    (folder / "memory.usage_in_bytes").write_text(f"{GIB}\n")
    (folder / "memory.stat").write_text("cache 7\ntotal_inactive_file 0\n")
    assert available_mb(CPU, tmp_path) == 1024
