"""Not a test: one process of a distributed training. Usage: torchrun ddp_driver.py DATA FOLDER

Leaves in FOLDER/rank<n>.safetensors what this process's weights are at the end, and in FOLDER/rank<n>.json which files of the
run's folder it has written.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from safetensors.torch import save_file
from torch import Tensor

from samaritan.train import TrainConfig, fit
from samaritan.train.forecast import Forecast
from samaritan.train.loop import Loop


def train(data: str, folder: Path) -> dict[str, Tensor]:
    """Train, and give the weights as they are at the end."""
    config = TrainConfig(
        data=(data,), model="tiny-litemedsam", steps=3, batch=4, accumulate=2, validations=1, max_validation=2, seed=2,
        threads=1, checkpoint_steps=2, settings={"blocks": "last:1"},
    )  # fmt: skip
    loops: list[Loop] = []
    run = Loop.run

    def remember(self: Loop) -> None:
        loops.append(self)
        run(self)

    nothing = Forecast(math.nan, math.nan, 0)
    with (
        mock.patch.object(Loop, "run", remember),
        mock.patch.object(importlib.import_module("samaritan.train.fit"), "draw_curve"),
        mock.patch("samaritan.train._prepare.forecast", return_value=nothing),
    ):
        fit(config, folder / "run")
    return loops[0].adapted.state()


def main(data: str, folder: Path, rank: str) -> None:
    out, written = folder / "run", set[str]()

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        paths = arguments[:1] if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR) else ()
        paths = arguments[:2] if event in ("os.rename", "os.remove") else paths
        written.update(str(path) for path in paths if str(path).startswith(str(out)))

    sys.addaudithook(watch)
    save_file(train(data, folder), folder / f"rank{rank}.safetensors")
    shared = {path for path in written if not path.startswith(str(out / "features"))}
    (folder / f"rank{rank}.json").write_text(json.dumps(sorted(shared)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), os.environ["RANK"])
