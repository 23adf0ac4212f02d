"""The course of a run: rates, validations, parts of a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file

from samaritan.train import Silent, TrainConfig, fit
from samaritan.train._folder import TrainFolder
from samaritan.train._log import read_log
from samaritan.train._prepare import Preparation
from samaritan.train._rate import factor
from samaritan.train._sampler import Drawn
from samaritan.train.loop import Loop

pytestmark = pytest.mark.usefixtures("quick")

Make = Callable[..., Loop]


@pytest.fixture
def loop(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes loops that are ready to run; all validations score 0.5."""

    def make(out: str = "run", **changes: Any) -> Loop:
        settings: dict[str, Any] = {
            "data": (str(data),), "model": "tiny-litemedsam", "method": "decoder", "steps": 4, "batch": 2, "validations": 1,
            "max_validation": 1, "variants": 1, "prompts": ("box",),
        }  # fmt: skip
        folder = TrainFolder(tmp_path / out)
        folder.path.mkdir(exist_ok=True)
        preparation = Preparation(TrainConfig(**settings | changes), folder, Accelerator(cpu=True), Silent())
        return preparation.prepare(force=True).loop

    monkeypatch.setattr(Loop, "_score", lambda self: 0.5)
    return make


@pytest.mark.parametrize(
    ("steps", "validations", "expected"),
    [(7, 3, [0, 3, 5, 7]), (4, 1, [0, 4]), (3, 9, [0, 1, 2, 3]), (6, 6, [0, 1, 2, 3, 4, 5, 6]), (1, 1, [0, 1])],
)
def test_validations_are_spread_over_the_run_and_one_ends_it(
    loop: Make, steps: int, validations: int, expected: list[int]
) -> None:
    ready = loop(steps=steps, validations=validations)
    ready.run()
    rows = read_log(ready.table.path)
    assert [row["step"] for row in rows if "val_dice" in row] == expected
    assert [row["step"] for row in rows] == list(range(steps + 1))


def test_the_rate_follows_the_run(loop: Make) -> None:
    ready = loop(steps=5, warmup=0.4, rate=0.01, base_rate=0.002)
    ready.run()
    rates = [row["rate"] for row in read_log(ready.table.path) if "rate" in row]
    # the decoder is a part of the base, so that its rate is the only one
    assert rates == pytest.approx([0.002 * factor(step / 5, 0.4) for step in range(5)])


def test_more_parts_than_pictures_are_no_more_than_pictures(loop: Make) -> None:
    losses = {}
    for accumulate in (2, 5):
        ready = loop(f"in {accumulate} parts", steps=1, accumulate=accumulate)
        ready.run()
        losses[accumulate] = [row["loss"] for row in read_log(ready.table.path) if "loss" in row]
    assert losses[2] == losses[5]


def test_methods_are_told_how_far_the_run_is(loop: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = loop(steps=4)
    seen: list[float] = []
    draw = ready.sampler.draw

    def watch(step: int, slot: int, number: int) -> Drawn:
        seen.append(ready.adapted.behaviour.progress)
        return draw(step, slot, number)

    monkeypatch.setattr(ready.sampler, "draw", watch)
    ready.run()
    assert seen == [0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75]


@pytest.mark.slow
def test_no_random_state_is_read_or_changed(data: Path, tmp_path: Path) -> None:
    adapters = []
    for number in (1, 2):
        torch.manual_seed(number)
        before = torch.get_rng_state()
        settings: dict[str, Any] = {
            "steps": 2,
            "batch": 2,
            "validations": 1,
            "max_validation": 1,
            "variants": 2,
            "method": "ua-sam",
        }
        result = fit(TrainConfig(data=(str(data),), model="tiny-litemedsam", **settings), tmp_path / str(number))
        assert torch.equal(torch.get_rng_state(), before)
        adapters.append(load_file(result.adapter))
    assert all(torch.equal(adapters[0][name], adapters[1][name]) for name in adapters[0])


def test_what_was_done_comes_back_with_a_checkpoint(loop: Make) -> None:
    first = loop(steps=6, validations=3)
    first.config = first.config.model_copy(update={"checkpoint_steps": 2})
    first.run()
    checkpoint = first.checkpoints.latest()
    assert checkpoint is not None
    second = loop(steps=6, validations=3)  # finds the checkpoint of the first
    assert asdict(second.state) == pytest.approx(asdict(first.state))
    assert (second.done, second.state.best_step, second.state.stale) == (1, 2, 2)
    now, before = second.adapted.state(), first.adapted.state()
    assert all(torch.equal(now[name], before[name]) for name in before)
    assert second.best.keys() == first.best.keys() != set()
    assert all(torch.equal(second.best[name], first.best[name]) for name in first.best)
