from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from samaritan.core import ResourceError
from samaritan.train import TrainConfig, fit
from samaritan.train._folder import TrainFolder
from samaritan.train._memory import held_mb
from samaritan.train._prepare import Preparation
from samaritan.train._progress import Silent
from samaritan.train.forecast import FRAGMENTATION, LIBRARIES_MB, forecast
from samaritan.train.loop import Loop


def ready(data: Path, out: Path, **changes: Any) -> Loop:
    settings: dict[str, Any] = {"data": (str(data),), "model": "tiny-litemedsam", "steps": 4, "batch": 4, "variants": 2}
    config = TrainConfig(**(settings | changes))
    return Preparation(config, TrainFolder(out), Accelerator(cpu=True), Silent()).prepare(force=False).loop


@pytest.mark.slow
def test_the_parts_are_what_will_be_held(data: Path, tmp_path: Path) -> None:
    loop = ready(data, tmp_path, method="full")
    found = forecast(loop, pictures=8)
    trained = loop.adapted.counts().trained * 4 / 2**20
    assert found.peak_mb == pytest.approx(sum(found.parts.values()))
    assert found.parts["process"] == pytest.approx(held_mb(torch.device("cpu")), rel=0.2)
    assert found.parts["optimiser"] == pytest.approx(2 * trained)
    assert found.parts["best weights"] == pytest.approx(trained)
    step = found.parts["features"] + found.parts["activations"] + found.parts["backward pass"]
    assert found.parts["allocator"] == pytest.approx(FRAGMENTATION["cpu"] * step)
    assert found.parts["libraries"] == LIBRARIES_MB
    assert found.fits
    found.check()
    assert "Forecast: about" in str(found)
    assert "for 4 steps" in str(found)


@pytest.mark.slow
def test_parts_of_a_step_one_after_the_other_need_less(data: Path, tmp_path: Path) -> None:
    whole, halves = (
        forecast(ready(data, tmp_path / str(parts), accumulate=parts), 8).parts["activations"] for parts in (1, 2)
    )
    assert halves == pytest.approx(whole / 2, rel=0.1)


@pytest.mark.slow
def test_minutes_follow_steps_and_steps_follow_minutes(data: Path, tmp_path: Path) -> None:
    loop = ready(data, tmp_path / "a", steps=100, batch=2)
    found = forecast(loop, pictures=4)
    assert found.steps == 100
    assert 0.01 < found.minutes < 2
    timed = forecast(ready(data, tmp_path / "b", steps=None, minutes=found.minutes, batch=2), pictures=4)
    assert timed.minutes == found.minutes
    assert 5 < timed.steps < 2000  # the same but for what else the machine does


@pytest.mark.parametrize(
    ("pictures", "wanted"),
    [
        (2.5, ["accumulate: 2,", "(batch: 2)", "(precision: bf16)", "(method: decoder)", "smaller model"]),
        (0.5, ["(precision: bf16)", "(method: decoder)", "smaller model"]),
    ],
)
@pytest.mark.slow
def test_a_machine_that_is_too_small_is_refused_with_advice(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: float, wanted: list[str]
) -> None:
    loop = ready(data, tmp_path)
    parts = forecast(loop, pictures=8).parts
    each = (parts["features"] + parts["activations"] + parts["allocator"]) / 4
    left = sum(parts.values()) - parts["process"] - (4 - pictures) * each  # as much as so many pictures take
    monkeypatch.setattr("samaritan.train.forecast.available_mb", lambda device: left)
    found = forecast(loop, pictures=8)
    assert not found.fits
    with pytest.raises(ResourceError, match=r"Training would need about .* of memory \(process") as refusal:
        found.check()
    places = [str(refusal.value).find(text) for text in wanted]
    assert -1 not in places
    assert places == sorted(places)
    assert ("accumulate" in str(refusal.value)) == (pictures > 1)


@pytest.mark.slow
def test_a_run_says_its_forecast_and_is_refused_before_it_starts(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(Silent, "note", lambda self, sentence: said.append(sentence))
    monkeypatch.setattr("samaritan.train.forecast.available_mb", lambda device: 1.0)
    config = TrainConfig(data=(str(data),), model="tiny-litemedsam", steps=1)
    with pytest.raises(ResourceError, match="Training would need about"):
        fit(config, tmp_path / "run")
    assert said[-1].startswith("Forecast: about")
    assert not (tmp_path / "run" / "log.csv").exists()


@pytest.mark.slow
def test_processes_share_what_a_machine_has(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = ready(data, tmp_path)
    monkeypatch.setattr("samaritan.train.forecast.available_mb", lambda device: 1000.0)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    found = forecast(loop, pictures=8)
    assert found.available_mb == pytest.approx(found.parts["process"] + 250)


@pytest.mark.slow
def test_the_forecast_changes_nothing(data: Path, tmp_path: Path) -> None:
    loop = ready(data, tmp_path)
    before, state = loop.adapted.state(), torch.get_rng_state()
    forecast(loop, pictures=8)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in loop.adapted.state().items())
    assert loop.state.step == 0
    assert not list(tmp_path.glob("features/*"))


class Data(nn.Module):
    """A module whose course depends on values, which a step without memory has not."""

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base

    def forward(self, *arguments: Any, **named: Any) -> Any:
        found: Tensor = self.base(*arguments, **named)
        return found * float(np.sign(found.detach().sum().item()) ** 2)


@pytest.mark.slow
def test_what_cannot_be_foreseen_trains_all_the_same(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loop = ready(data, tmp_path)
    network: Any = loop.adapted.network
    network.mask_decoder.output_upscaling = None
    network.mask_decoder.iou_prediction_head = Data(network.mask_decoder.iou_prediction_head)
    found = forecast(loop, pictures=8)
    assert "cannot be foreseen" in caplog.text
    assert math.isnan(found.peak_mb)
    assert found.fits
    assert "cannot be foreseen" in str(found)
