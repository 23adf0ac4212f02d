"""Bake-offs without training: arms whose scores are made up, in the folders where a bake-off leaves them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from samaritan.bakeoff import ArmConfig, BakeoffConfig
from samaritan.bakeoff._config import plan
from samaritan.bakeoff._result import FILE, SCORES, ArmResult
from samaritan.benchmark._row import Row
from samaritan.datasets import Split

#: Gain of Dice of an arm: (method, seed, number of training patients or None).
Gains = Callable[[str, int, int | None], float]

PATIENTS = 8


@pytest.fixture
def discs(tmp_path: Path) -> Path:
    """Ten noisy pictures of an ellipse, with masks."""
    folder = tmp_path / "discs"
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:32, :40]
    for number in range(10):
        x, y = rng.uniform((14, 11), (26, 21))
        mask = ((columns - x) / 9) ** 2 + ((rows - y) / 6) ** 2 < 1
        picture = (mask * 120 + 60 + rng.normal(0, 15, mask.shape)).clip(0, 255)
        for name, pixels in (("images", picture), ("masks", mask)):
            (folder / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"case{number}.png")
    return folder


def rows_of(
    dice: Mapping[str, float], *, adaptation: str = "none", prompt: str = "box", target: str = "disc"
) -> list[Row]:
    """Rows of one target, patient -> Dice."""
    return [
        Row(
            dataset="discs", case_id=patient, patient_id=patient, modality=None, target=target, label=1, level="target",
            instance=None, rater="reference", model="tiny-litemedsam", adaptation=adaptation, prompt=prompt, repeat=0,
            candidates="single", interactions=1, dice=value, iou=value, nsd=value, hd95_mm=1.0, assd_mm=1.0,
            volume_difference=0.0, dice_by_round=None, unit="px", spacing=[1.0, 1.0, 1.0], voxels=10, slices=1,
            sampled=False, quality=None, intensity="full", plane="axial", status="ok", error=None, seconds=0.01,
            encode_seconds=0.02,
            encode_calls=1,
            framing="whole",
        )
        for patient, value in dice.items()
    ]  # fmt: skip


@pytest.fixture
def made_up(tmp_path: Path) -> Callable[..., Path]:
    """``made_up(config, gains)`` -> folder of a finished bake-off whose base has Dice 0.3 and a little."""

    def make(content: Mapping[str, Any], gains: Gains, *, leave_out: tuple[str, ...] = ()) -> Path:
        folder = tmp_path / "bakeoff"
        folder.mkdir()
        config = BakeoffConfig.parse(
            {"train": {"data": ["discs"], "model": "tiny-litemedsam", "steps": 5}, **content}, "The test"
        )
        config.write(folder / "bakeoff.yaml")
        names = [f"p{n}" for n in range(PATIENTS)]
        places = {("discs", name): "test" for name in names} | {("discs", f"t{n}"): "train" for n in range(6)}
        Split(places, {key: key[1] for key in places}).write(folder / "split.json")  # type: ignore[arg-type]
        for arm in plan(config, 6):
            if arm.folder not in leave_out:
                rise = gains(arm.label, arm.seed, arm.few) if arm.spec else 0.0
                rng = np.random.default_rng(len(arm.folder))
                dice = {name: 0.3 + 0.02 * n + rise + rng.uniform(0, 0.005) for n, name in enumerate(names)}
                own = arm.config(config, str(folder / "split.json"), str(folder / "base" / SCORES))
                _write_arm(folder / arm.folder, own, [r for p in config.score.prompts for r in rows_of(dice, prompt=p)])
        return folder

    return make


def _write_arm(folder: Path, config: ArmConfig, rows: list[Row]) -> None:
    run = folder / SCORES
    run.mkdir(parents=True)
    (run / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    machine = {"cpus": 2, "threads": 1, "memory_gib": 8.0, "gpu": None}
    provenance = {"versions": {"samaritan": "0.1.0", "torch": "2"}, "machine": machine, "datasets": [{"name": "discs"}]}
    (run / "provenance.json").write_text(json.dumps(provenance), encoding="utf-8")
    result = ArmResult(
        label=config.label, seed=config.train.seed, train_cases=config.train.train_cases, base_parameters=60000,
        encode_seconds=0.05, decode_seconds=0.01,
    )  # fmt: skip
    if config.adapt:
        trained = {
            "method": config.train.method, "steps": 5, "minutes": 0.5, "peak_mb": 700.0, "trained": 1200,
            "adapter_bytes": 5000, "adapter": "adapter.safetensors",
        }  # fmt: skip
        result = result.model_copy(update=trained)
    (folder / FILE).write_text(result.model_dump_json(), encoding="utf-8")
