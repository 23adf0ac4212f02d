"""Data that cannot train, or that would make scores too good, are refused before anything is trained."""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from samaritan.core import SamaritanError
from samaritan.train import TrainConfig, TrainResult, fit
from samaritan.train.forecast import Forecast


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what a training does not depend on."""
    monkeypatch.setattr(sys.modules["samaritan.train.fit"], "draw_curve", lambda *_: None)
    monkeypatch.setattr("samaritan.train._log.find_spec", lambda name: None)
    monkeypatch.setattr("samaritan.train._prepare.forecast", lambda loop, pictures: Forecast(math.nan, math.nan, 0))


@pytest.fixture
def copy(data: Path, tmp_path: Path) -> Path:
    """The data, to be spoilt."""
    return Path(shutil.copytree(data, tmp_path / "copy"))


def train(data: Path, split: Path | None = None) -> TrainResult:
    config = TrainConfig(
        data=(str(data),), model="tiny-litemedsam", steps=2, batch=2, validations=1, threads=1,
        split=None if split is None else str(split),
    )  # fmt: skip
    return fit(config, data.parent / "run")


def keep(data: Path, count: int) -> None:
    for path in data.rglob("*.png"):
        if int(path.stem.removeprefix("patient")) >= count:
            path.unlink()


def write_split(data: Path, train: str, val: str, test: str) -> Path:
    """A split by numbers of patients, such as "012", "3", "4567"."""
    parts = {"train": train, "val": val, "test": test}
    content = {
        "version": 1, "seed": 0, "fractions": [0.6, 0.2, 0.2], "patients": {},
        "parts": {name: {data.name: [f"patient{number}" for number in text]} for name, text in parts.items()},
    }  # fmt: skip
    path = data.parent / "given.json"
    path.write_text(json.dumps(content))
    return path


def no_case(data: Path) -> None:
    keep(data, 0)


def one_case(data: Path) -> None:
    keep(data, 1)


def empty_masks(data: Path) -> None:
    for path in (data / "masks").iterdir():
        Image.fromarray(np.zeros((40, 32), np.uint8)).save(path)


def text_for_a_picture(data: Path) -> None:
    (data / "images" / "patient2.png").write_text("not a picture")


def mask_of_another_size(data: Path) -> None:
    for path in (data / "masks").iterdir():
        Image.fromarray(np.ones((9, 9), np.uint8)).save(path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (no_case, r"holds no "),
        (one_case, r"1 case of 1 patient; at least 2 patients are needed"),
        (empty_masks, r"hold no target large enough to train on"),
        (text_for_a_picture, r"patient2\.png is named like a picture but looks like plain text"),
        (mask_of_another_size, r"does not lie on the grid of its image"),
    ],
)
def test_data_that_cannot_train_are_refused(copy: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(copy)
    with pytest.raises(SamaritanError, match=message) as refusal:
        train(copy)
    assert refusal.value.exit_code == 3
    assert not (copy.parent / "run" / "adapter.safetensors").exists()


def test_two_cases_train_and_test_without_validation(copy: Path) -> None:
    keep(copy, 2)
    result = train(copy)
    assert result.steps == 2
    assert math.isnan(result.best_dice)
    assert result.adapter.is_file()


def test_an_empty_validation_part_keeps_the_last_state(copy: Path) -> None:
    result = train(copy, write_split(copy, "012345", "", "67"))
    assert (result.steps, result.best_step) == (2, 0)
    assert math.isnan(result.base_dice)
    assert result.adapter.is_file()


def test_an_empty_training_part_is_refused(copy: Path) -> None:
    with pytest.raises(SamaritanError, match="training part of the split is empty"):
        train(copy, write_split(copy, "", "01234", "567"))


def test_a_case_in_two_parts_is_refused(copy: Path) -> None:
    with pytest.raises(SamaritanError, match="patient3 in train and in val"):
        train(copy, write_split(copy, "0123", "34", "567"))


def test_a_patient_in_two_parts_is_refused(copy: Path) -> None:
    table = {f"patient{number}": "anna" if number in (0, 4) else str(number) for number in range(8)}
    (copy / "dataset.yaml").write_text(json.dumps({"patients": table}))  # JSON is YAML
    with pytest.raises(SamaritanError, match=r"anna"):
        train(copy, write_split(copy, "012", "34", "567"))


def test_the_same_image_under_two_names_in_two_parts_is_refused(copy: Path) -> None:
    for kind in ("images", "masks"):
        shutil.copy(copy / kind / "patient0.png", copy / kind / "patient7.png")
    with pytest.raises(SamaritanError, match=r"patient0 \(train\) and .*patient7 \(test\) are identical"):
        train(copy, write_split(copy, "012", "34", "567"))
