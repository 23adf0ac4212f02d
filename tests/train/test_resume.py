"""Stopped in any way and continued, a run ends as if nothing had happened, bit for bit."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import samaritan.train._checkpoint as checkpoint_module
from samaritan.adapt import read_adapter
from samaritan.core import InputError, ModelError, ResourceError
from samaritan.train import TrainConfig, TrainResult, fit
from samaritan.train._log import CLOCK, read_log
from samaritan.train._sampler import Sampler
from samaritan.train.forecast import Forecast

DRIVER = Path(__file__).with_name("kill_driver.py")

#: See there.
WAYS = (
    "before_the_first_checkpoint", "in_half_a_checkpoint", "before_renaming_a_checkpoint", "before_removing_a_checkpoint",
    "in_half_a_row", "before_the_result", "before_tidying", "random", "SIGINT", "SIGTERM",
)  # fmt: skip

Change = Callable[[Sampler], None]


def content_of(out: Path) -> list[Any]:
    """All that a run must end with, however often it was interrupted."""
    tensors = load_file(out / "adapter.safetensors")
    header = read_adapter(out / "adapter.safetensors").header.model_dump(mode="json")
    header["training"].pop("minutes")
    rows = [{name: repr(v) for name, v in row.items() if name not in CLOCK} for row in read_log(out / "log.csv")]
    result = json.loads((out / "result.json").read_text())
    result = {name: value for name, value in result.items() if name not in ("minutes", "peak_mb")}
    texts = [(out / name).read_text() for name in ("config.yaml", "split.json")]
    return [{name: t.numpy().tobytes() for name, t in tensors.items()}, header, rows, result, texts]


@pytest.mark.slow
def test_runs_that_were_killed_end_as_if_nothing_had_happened(data: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(DRIVER), str(data), str(tmp_path), *WAYS],
        capture_output=True, text=True, check=False, timeout=170,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    codes = json.loads(done.stdout)["codes"]
    whole = content_of(tmp_path / "whole")
    assert [row["step"] for row in read_log(tmp_path / "whole" / "log.csv")] == list(range(9))
    for name, (*earlier, last) in codes.items():
        assert last == 0, done.stderr
        assert set(earlier) <= ({130} if name.startswith("SIG") else {-9, 0}), name
        assert content_of(tmp_path / name) == whole, name
        left = {path.name for path in (tmp_path / name).iterdir()} - {"curve.png"}
        assert left == {"adapter.safetensors", "config.yaml", "log.csv", "result.json", "split.json", "tensorboard"}, (
            name
        )
    assert all(code[0] == -9 for name, code in codes.items() if name.split("-")[0] in WAYS and "_" in name)


def config(data: Path, **changes: Any) -> TrainConfig:
    settings: dict[str, Any] = {
        "data": (str(data),), "model": "tiny-litemedsam", "steps": 4, "batch": 2, "checkpoint_steps": 1,
        "validations": 2, "max_validation": 2, "seed": 3,
    }  # fmt: skip
    return TrainConfig(**(settings | changes))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what a training does not depend on."""
    monkeypatch.setattr(sys.modules["samaritan.train.fit"], "draw_curve", lambda *_: None)
    monkeypatch.setattr("samaritan.train._log.find_spec", lambda name: None)
    monkeypatch.setattr("samaritan.train._prepare.forecast", lambda loop, pictures: Forecast(math.nan, math.nan, 0))


def at_step(monkeypatch: pytest.MonkeyPatch, numbers: set[int], act: Change) -> None:
    """Call ``act`` when pictures for one of the steps are drawn."""
    draw = Sampler.draw

    def watch(self: Sampler, step: int, slot: int, number: int) -> Any:
        if step in numbers:
            act(self)
        return draw(self, step, slot, number)

    monkeypatch.setattr(Sampler, "draw", watch)


def fail(sampler: Sampler) -> None:
    raise RuntimeError("power cut")


def begun(data: Path, out: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """A run that died in its third step."""
    with monkeypatch.context() as patch:
        at_step(patch, {2}, fail)
        with pytest.raises(RuntimeError, match="power cut"):
            fit(config(data, **changes), out)


@pytest.mark.usefixtures("quick")
@pytest.mark.slow
def test_the_same_seed_gives_the_same_and_another_does_not(data: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        fit(config(data, seed=seed), tmp_path / name)
    first, second, other = (content_of(tmp_path / name) for name in "abc")
    assert first == second
    assert first[0] != other[0]


@pytest.mark.usefixtures("quick")
def test_other_settings_are_refused_with_the_differences(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    begun(data, out, monkeypatch)
    with pytest.raises(InputError, match=r"other settings \(seed was 3, is 4; rate was 0\.001, is 0\.1\)"):
        fit(config(data, seed=4, rate=0.1), out)
    assert fit(config(data, seed=4, rate=0.1), out, force=True).steps == 4
    assert TrainConfig.read(out / "config.yaml").seed == 4


@pytest.mark.usefixtures("quick")
def test_changed_data_are_refused(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied, out = tmp_path / "data", tmp_path / "run"
    for path in data.rglob("*.png"):
        target = copied / path.relative_to(data)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    begun(copied, out, monkeypatch)
    split = json.loads((out / "split.json").read_text())
    trained = split["parts"]["train"][copied.name][0]
    with Image.open(copied / "images" / f"{trained}.png") as image:
        brighter = np.asarray(image) // 2
    Image.fromarray(brighter).save(copied / "images" / f"{trained}.png")
    with pytest.raises(InputError, match=rf"1 training cases are not what they were .*{trained}"):
        fit(config(copied), out)
    assert fit(config(copied), out, force=True).steps == 4


@pytest.mark.usefixtures("quick")
def test_another_version_of_the_package_is_refused(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(data, tmp_path / "run", monkeypatch)
    monkeypatch.setattr("samaritan.train._prepare.VERSION", "9.9")
    with pytest.raises(InputError, match=r"begun by version .*, this is 9\.9"):
        fit(config(data), tmp_path / "run")


@pytest.mark.usefixtures("quick")
def test_nothing_to_resume_is_never_a_fresh_start(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no training run to resume"):
        fit(config(data), tmp_path / "absent", resume=True)
    assert not (tmp_path / "absent").exists()


@pytest.mark.usefixtures("quick")
@pytest.mark.slow
def test_a_truncated_checkpoint_costs_one_interval(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fit(config(data), tmp_path / "whole")
    begun(data, tmp_path / "run", monkeypatch)
    newest = max((tmp_path / "run" / "checkpoints").iterdir())
    newest.write_bytes(newest.read_bytes()[:-100])
    fit(config(data), tmp_path / "run")
    assert f"{newest.name} is damaged" in caplog.text
    assert content_of(tmp_path / "run") == content_of(tmp_path / "whole")


@pytest.mark.usefixtures("quick")
@pytest.mark.slow
def test_a_full_disk_ends_the_run_with_the_last_checkpoint_intact(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        if path.name == "checkpoint-3.safetensors":
            raise ResourceError(f"Could not write {path}: No space left on device; nothing was changed.")
        write(path, content)

    write = vars(checkpoint_module)["write_bytes"]
    fit(config(data), tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_module, "write_bytes", full)
        with pytest.raises(ResourceError, match=r"checkpoint-3\.safetensors: No space left"):
            fit(config(data), tmp_path / "run")
    assert not (tmp_path / "run" / "adapter.safetensors").exists()
    fit(config(data), tmp_path / "run")
    assert content_of(tmp_path / "run") == content_of(tmp_path / "whole")


def spoil_losses(monkeypatch: pytest.MonkeyPatch, steps: set[int]) -> None:
    """Losses of these steps are not numbers."""
    due = [False]
    forward = torch.nn.Module.__call__

    def spoiled(self: torch.nn.Module, *arguments: Any, **named: Any) -> Any:
        found = forward(self, *arguments, **named)
        if type(self).__name__ == "Step" and due[0]:
            due[0] = False
            found["total"] = found["total"] * float("nan")
        return found

    monkeypatch.setattr(torch.nn.Module, "__call__", spoiled)
    at_step(monkeypatch, steps, lambda _: due.__setitem__(0, True))


@pytest.mark.usefixtures("quick")
def test_a_loss_that_is_no_number_leaves_its_step_out(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spoil_losses(monkeypatch, {1})
    result: TrainResult = fit(config(data), tmp_path / "run")
    assert result.steps == 4
    assert "Step 2 is left out: its loss is nan" in caplog.text
    losses = [row["loss"] for row in read_log(tmp_path / "run" / "log.csv") if "loss" in row]
    assert [bool(np.isfinite(loss)) for loss in losses] == [True, False, True, True]
    assert all(bool(t.isfinite().all()) for t in load_file(result.adapter).values() if t.is_floating_point())


@pytest.mark.usefixtures("quick")
@pytest.mark.slow
def test_losses_that_stay_no_numbers_stop_the_run_with_the_last_good_state(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the rate follows the share of the run that is done, so both runs have done the same when the losses spoil
    with monkeypatch.context() as patch:
        at_step(patch, {4}, fail)
        with pytest.raises(RuntimeError):
            fit(config(data, steps=40), tmp_path / "good")
    spoil_losses(monkeypatch, set(range(4, 40)))
    with pytest.raises(ModelError, match="not finite 5 times in a row"):
        fit(config(data, steps=40), tmp_path / "run")
    kept = load_file(tmp_path / "run" / "adapter.safetensors")
    # the weights of the last step whose loss was a number; those that it made could be what spoilt the losses
    good = load_file(tmp_path / "good" / "checkpoints" / "checkpoint-3.safetensors")
    assert all(torch.equal(kept[name], good[f"now.{name}"]) for name in kept)
