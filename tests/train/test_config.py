"""Settings of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from samaritan.core import InputError
from samaritan.train import TrainConfig


def parse(**changes: Any) -> TrainConfig:
    return TrainConfig.parse({"data": ["here"], **changes}, "settings")


def test_a_run_is_as_long_as_minutes_or_as_steps_say() -> None:
    assert parse().budget_minutes == 10
    assert parse(minutes=2.5).budget_minutes == 2.5
    assert parse(steps=7).budget_minutes is None
    with pytest.raises(InputError, match="as long as minutes or as steps say; give one of them"):
        parse(minutes=1, steps=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": []}, "data"),
        ({"rate": 0}, "rate"),
        ({"steps": 0}, "steps"),
        ({"batch": 0}, "batch"),
        ({"warmup": 1}, "warmup"),
        ({"focal": -1}, "focal"),
        ({"prompts": []}, "prompts"),
        ({"raters": "majority"}, "raters"),
        ({"precision": "fp16"}, "precision"),
        ({"lerning_rate": 1}, "lerning_rate"),
    ],
)
def test_what_is_not_possible_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(**changes)


def test_it_is_the_same_after_writing_and_reading(tmp_path: Path) -> None:
    config = parse(
        steps=3, settings={"rank": 2}, prompts=["box", "point"], fractions=[0.5, 0.25, 0.25], intensity="ct:lung"
    )
    config.write(tmp_path / "config.yaml")
    assert TrainConfig.read(tmp_path / "config.yaml") == config
