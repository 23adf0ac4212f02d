from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from samaritan.benchmark._config import RunConfig
from samaritan.core import InputError

LEAST: dict[str, Any] = {"data": ("a",), "models": ("m",), "prompts": ("box",)}


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    config = RunConfig(**LEAST, weights={"m": "w.pth"}, limit=3, max_instances=None, intensity="ct:lung", seed=5)
    config.write(tmp_path / "config.yaml")
    assert RunConfig.read(tmp_path / "config.yaml") == config


def test_differences_are_named() -> None:
    assert RunConfig(**LEAST).differences(RunConfig(**LEAST)) == []
    assert RunConfig(**LEAST).differences(RunConfig(**{**LEAST, "prompts": ("box", "point")}, seed=2)) == [
        "prompts",
        "seed",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": ()}, {"models": ()}, {"prompts": ()}, {"repeats": 0}, {"seed": -1}, {"limit": 0}, {"max_slices": 0},
        {"max_instances": 0}, {"min_pixels": 0}, {"raters": "anna"}, {"plane": "oblique"}, {"threads": 0},
        {"nsd_tolerance": 0}, {"part": "val"}, {"part": "dev"}, {"base": False}, {"repeat": 2},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises((ValidationError, InputError), match=next(iter(wrong))):
        RunConfig.parse({**LEAST, **wrong}, "config.yaml")
