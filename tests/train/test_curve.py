from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from samaritan.train._curve import BLUE, GREEN, ORANGE, draw_curve, smooth
from samaritan.train._log import TrainingLog


def count(png: Path, colour: str) -> int:
    with Image.open(png) as image:
        assert image.size == (1400, 1240)
        pixels = np.asarray(image.convert("RGB"))
    return int((pixels == [int(colour[n : n + 2], 16) for n in (1, 3, 5)]).all(axis=-1).sum())


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainingLog:
    monkeypatch.setattr("samaritan.train._log.find_spec", lambda name: None)
    return TrainingLog(tmp_path)


def test_loss_dice_and_the_best_are_drawn(log: TrainingLog, tmp_path: Path) -> None:
    log.add({"step": 0, "val_dice": 0.6})
    for step in range(1, 41):
        log.add({"step": step, "loss": 2 / step, "rate": 1e-3, "minutes": step / 10})
        if step % 10 == 0:
            log.add({"step": step, "val_dice": 0.9 - 0.001 * (step - 20) ** 2 / 20})
    png = tmp_path / "curve.png"
    draw_curve(log.path, png)
    assert min(count(png, colour) for colour in (BLUE, GREEN, ORANGE)) > 100


def test_without_validation_there_is_no_best(log: TrainingLog, tmp_path: Path) -> None:
    log.add({"step": 1, "loss": float("nan")})
    log.add({"step": 2, "loss": 0.5, "rate": 1e-3})
    log.add({"step": 3, "loss": 0.4, "rate": 1e-3})
    draw_curve(log.path, tmp_path / "curve.png")
    assert count(tmp_path / "curve.png", BLUE) > 100
    assert count(tmp_path / "curve.png", ORANGE) == 0


def test_an_empty_log_draws_nothing(log: TrainingLog, tmp_path: Path) -> None:
    log.path.write_text("step\n")
    draw_curve(log.path, tmp_path / "curve.png")
    assert not (tmp_path / "curve.png").exists()


def test_smoothing_keeps_ends_and_ignores_peaks() -> None:
    values = np.array([4.0, 2.0, 99.0, 2.0, np.nan, 0.0, 0.0])
    assert smooth(values, 3).tolist() == [3.0, 4.0, 2.0, 50.5, 1.0, 0.0, 0.0]
    assert smooth(np.array([np.nan, 1.0]), 1)[1] == 1
