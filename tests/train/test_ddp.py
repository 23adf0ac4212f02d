"""Two processes that share the pictures of a step train what one process trains."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file

from samaritan.core import UsageError
from samaritan.train import TrainConfig
from samaritan.train._folder import TrainFolder
from samaritan.train._log import CLOCK, read_log
from samaritan.train._prepare import Preparation
from samaritan.train._progress import Silent

DRIVER = Path(__file__).with_name("ddp_driver.py")


@pytest.mark.slow
def test_two_processes_train_as_one_with_twice_the_pictures(data: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    weights = runpy.run_path(str(DRIVER))["train"](str(data), one)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(DRIVER)]
    done = subprocess.run([*command, str(data), str(two)], capture_output=True, text=True, check=False, timeout=170)
    assert done.returncode == 0, done.stderr

    alone, together = (read_log(folder / "run" / "log.csv") for folder in (one, two))
    assert [row["step"] for row in together] == [0, 1, 2, 3]
    for expected, row in zip(alone, together, strict=True):
        assert row.keys() == expected.keys()
        for name in row.keys() - set(CLOCK):
            assert row[name] == pytest.approx(expected[name], rel=1e-5, abs=1e-7), name

    first, second = (load_file(two / f"rank{rank}.safetensors") for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)
    # softmax does not see a shift of all keys: the gradient of their bias is rounding, which AdamW blows up to a whole step
    felt = [name for name in weights if not name.endswith("k_proj.bias")]
    assert all(torch.allclose(first[name], weights[name], rtol=1e-4, atol=1e-6) for name in felt)
    assert json.loads((two / "rank1.json").read_text()) == []
    assert str(two / "run" / "log.csv") in json.loads((two / "rank0.json").read_text())


@pytest.mark.slow
def test_a_batch_that_cannot_be_shared_is_refused(data: Path, tmp_path: Path) -> None:
    config = TrainConfig(data=(str(data),), model="tiny-litemedsam", steps=1, batch=3)
    loop = Preparation(config, TrainFolder(tmp_path), Accelerator(cpu=True), Silent()).prepare(force=False).loop
    two = SimpleNamespace(num_processes=2, process_index=0, is_main_process=True)
    with pytest.raises(UsageError, match="batch of 3 cannot be shared evenly by 2 processes; choose a multiple of 2"):
        replace(loop, accelerator=cast("Accelerator", two))
