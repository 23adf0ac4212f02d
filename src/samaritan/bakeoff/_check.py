"""What would fail after hours of training is refused before it."""

from __future__ import annotations

from pathlib import Path

from samaritan.bakeoff._config import ScoreConfig
from samaritan.core import InputError
from samaritan.models import MODELS
from samaritan.predict.runtimes import check_runtime
from samaritan.prompts import make_prompt
from samaritan.train import TrainConfig
from samaritan.train._folder import TrainFolder


def check(train: TrainConfig, score: ScoreConfig, out: Path, runtime: str) -> None:
    """Refuse names that do not exist, and a folder for results that lies among the data.

    Raises:
        UsageError: an unknown model, prompt or runtime, or one that is not installed.
        InputError: ``out`` lies inside the data.
    """
    MODELS.get(train.model)
    check_runtime(runtime)
    for text in (*train.prompts, *score.prompts):
        make_prompt(text)
    for argument in map(Path, train.data):
        if argument.is_dir() and out.resolve().is_relative_to(argument.resolve()):
            raise InputError(f"The folder {out} lies inside the data {argument}; choose a folder outside of it.")


def check_overwrite(out: Path) -> None:
    """Refuse to clear a folder in which no training run lies.

    Raises:
        InputError: it holds something else.
    """
    others = sorted(one.name for one in out.iterdir() if one.name != ".lock") if out.is_dir() else []
    if others and not TrainFolder(out).config.is_file():
        raise InputError(
            f"{out} holds files that are no training run ({', '.join(others[:3])}), which --overwrite would remove; choose "
            "another folder."
        )
