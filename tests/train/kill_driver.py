"""Not a test: trains in child processes that are killed at random moments and at chosen places, and finishes each run.

Usage: python kill_driver.py DATA FOLDER WAY... where a way is "random", a signal (SIGINT, SIGTERM), or a place of
:data:`PLACES`. Prints {way: exit codes of the run's processes}. Forking before torch has worked saves the seconds that
imports cost, once per kill.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import samaritan.train._checkpoint as checkpoint_module
import samaritan.train._log as log_module
from samaritan.core import atomic_path
from samaritan.train import TrainConfig, TrainResult, fit
from samaritan.train.forecast import Forecast

PREPARE = importlib.import_module("samaritan.train._prepare")
FIT = importlib.import_module("samaritan.train.fit")  # the package's `fit` is the function


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(count: int, act: Callable[[], None]) -> Callable[[], None]:
    """``act``, but only the ``count``-th time."""
    calls = iter(range(1, 1000))
    return lambda: act() if next(calls) == count else None


def in_half_a_checkpoint() -> None:
    due = after(2, die)

    def half(path: Path, content: bytes) -> None:
        with atomic_path(path) as temporary:
            temporary.write_bytes(content[: len(content) // 2])
            due()
            temporary.write_bytes(content)

    vars(checkpoint_module)["write_bytes"] = half


def before_renaming_a_checkpoint() -> None:
    due, replace = after(3, die), Path.replace

    def rename(self: Path, target: Any) -> Path:
        if Path(target).name.startswith("checkpoint"):
            due()
        return replace(self, target)

    setattr(Path, "replace", rename)  # noqa: B010 - mypy refuses the plain form


def before_removing_a_checkpoint() -> None:
    unlink = Path.unlink

    def remove(self: Path, missing_ok: bool = False) -> None:
        if self.name.startswith("checkpoint"):
            die()
        unlink(self, missing_ok)

    setattr(Path, "unlink", remove)  # noqa: B010


def in_half_a_row() -> None:
    due, add = after(8, die), log_module.TrainingLog.add

    def half(self: log_module.TrainingLog, row: Any) -> None:
        add(self, row)
        with self.path.open("r+") as stream:
            stream.truncate(self.path.stat().st_size - 20)
            due()
        self.cut(int(row["step"]) - 1)
        add(self, row)

    setattr(log_module.TrainingLog, "add", half)  # noqa: B010


def before_the_first_checkpoint() -> None:
    due, add = after(2, die), log_module.TrainingLog.add

    def count(self: log_module.TrainingLog, row: Any) -> None:
        add(self, row)
        due()

    setattr(log_module.TrainingLog, "add", count)  # noqa: B010


def before_the_result() -> None:
    vars(FIT)["draw_curve"] = lambda *_: die()


def before_tidying() -> None:
    setattr(shutil, "rmtree", lambda *_, **__: die())  # noqa: B010


PLACES = {
    place.__name__: place
    for place in (
        before_the_first_checkpoint, in_half_a_checkpoint, before_renaming_a_checkpoint, before_removing_a_checkpoint,
        in_half_a_row, before_the_result, before_tidying,
    )
}  # fmt: skip


def train(data: Path, out: Path) -> TrainResult:
    config = TrainConfig(
        data=(str(data),),
        model="tiny-litemedsam",
        method="lora",
        settings={"dropout": 0.1, "blocks": "last:1"},
        prompts=("box:jitter=0.05", "clicks:2"),
        steps=8,
        batch=2,
        variants=2,
        checkpoint_steps=2,
        validations=3,
        max_validation=1,
        seed=5,
        threads=1,
    )
    return fit(config, out)


def start(data: Path, out: Path, change: Callable[[], None] = lambda: None) -> int:
    """Train in a child process; its number. Its exit code is that of the command line."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            change()
            code = 130 if train(data, out).interrupted else 0
        finally:
            os._exit(code)
    return child


def wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def interrupt(data: Path, out: Path, number: signal.Signals, seconds: float) -> int:
    """Start a run, send it a signal after its first row and some time; its exit code."""
    child = start(data, out)
    log = out / "log.csv"
    before = log.stat().st_size if log.exists() else 0
    limit = time.monotonic() + 20
    while not (log.exists() and log.stat().st_size > before) and time.monotonic() < limit:
        time.sleep(0.002)
    time.sleep(seconds)
    os.kill(child, number)
    return wait(child)


def first_run(data: Path, out: Path) -> float:
    """Train undisturbed, and import here what the run imported; its seconds without imports, about."""
    names = out.with_suffix(".modules")
    vars(FIT)["draw_curve"] = lambda *_: None  # takes as long as the whole training
    vars(PREPARE)["forecast"] = lambda *_, **__: Forecast(math.nan, math.nan, 0)  # as well
    child = os.fork()
    if child == 0:
        try:
            train(data, out)
            names.write_text("\n".join(sys.modules))
        finally:
            os._exit(0)
    wait(child)
    for name in names.read_text().splitlines():
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    began = time.monotonic()
    assert wait(start(data, out.with_name("again"))) == 0
    return time.monotonic() - began


def main(data: Path, folder: Path, ways: list[str]) -> None:
    duration = first_run(data, folder / "whole")
    codes: dict[str, list[int]] = {"again": [0]}
    chance = random.Random(len(ways))
    for number, way in enumerate(ways):
        out = folder / f"{way}-{number}"
        if way in PLACES:
            found = [wait(start(data, out, PLACES[way]))]
        elif way == "random":
            found = []
            for _ in range(3):
                child = start(data, out)
                time.sleep(chance.uniform(0.1, 0.8) * duration)
                os.kill(child, signal.SIGKILL)
                found.append(wait(child))
        else:
            found = [interrupt(data, out, signal.Signals[way], chance.uniform(0, 0.1) * duration) for _ in range(2)]
        codes[out.name] = [*found, wait(start(data, out))]
    json.dump({"codes": codes, "duration": duration}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
