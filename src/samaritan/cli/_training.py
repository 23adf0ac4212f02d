"""Options that adapt and bakeoff share, and the settings that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from samaritan.core.errors import UsageError

ModelName = Annotated[str, typer.Option("-m", "--model", help="The base; see: samaritan models.")]
Weights = Annotated[Path | None, typer.Option(help="A file of the base's weights to take instead of the model's own.")]
Prompts = Annotated[
    list[str] | None,
    typer.Option(
        "-p", "--prompt", help="To train with, and to test with (repeatable); slightly inexact boxes otherwise."
    ),
]
TestPrompts = Annotated[
    list[str] | None, typer.Option("--test-prompt", help="To test with other prompts; as --prompt, or box, otherwise.")
]
Budget = Annotated[float | None, typer.Option("--minutes", help="Length of the training; 10 otherwise.")]
Steps = Annotated[int | None, typer.Option(help="Length in steps instead, repeatable bit for bit.")]
SplitText = Annotated[
    str | None,
    typer.Option("--split", help="Shares of the patients that train, validate and test, 0.6,0.2,0.2; or a split.json."),
]
Tuning = Annotated[
    list[str] | None, typer.Option("--train", help="Setting of the training, key=value, such as batch=2 (repeatable).")
]
MaxSlices = Annotated[int | None, typer.Option(help="Test on at most so many slices of each target of a volume.")]
MaxInstances = Annotated[int, typer.Option(help="Test on at most so many objects of an image, drawn by seed.")]
Seed = Annotated[int, typer.Option(help="Start of all randomness.")]

#: Settings of a training that have an option of their own, or that follow from the others.
TAKEN = frozenset({
    "data", "meta", "model", "weights", "method", "settings", "prompts", "minutes", "steps", "split", "fractions",
    "train_cases", "raters", "seed", "plane", "intensity", "device", "threads",
})  # fmt: skip


def training_settings(pairs: Sequence[str] | None, minutes: float | None, steps: int | None) -> dict[str, Any]:
    """The budget, and what ``--train key=value`` says.

    Raises:
        UsageError: two budgets, something is not key=value, or the setting has an option of its own.
    """
    from samaritan.bakeoff._spec import read_settings
    from samaritan.train import TrainConfig

    if minutes is not None and steps is not None:
        raise UsageError("The training is as long as the minutes or as the steps say; give one of the two.")
    settings = read_settings(TrainConfig, pairs or ())
    if taken := sorted(TAKEN & settings.keys()):
        raise UsageError(f"{', '.join(taken)} has an option of its own; --train is for the other settings.")
    return settings | {"minutes": minutes, "steps": steps}


def split_settings(text: str | None) -> dict[str, Any]:
    """Fractions, or the file of a split.

    Raises:
        UsageError: neither three numbers nor a file.
    """
    if text is None:
        return {}
    if Path(text).is_file():
        return {"split": text}
    try:
        train, val, test = map(float, text.split(","))
    except ValueError:
        raise UsageError(f"--split is three shares such as 0.6,0.2,0.2 or a file; received {text!r}.") from None
    return {"fractions": (train, val, test)}


def score_settings(prompts: Sequence[str] | None, max_slices: int | None, max_instances: int) -> dict[str, Any]:
    """How the test part is asked."""
    asked = {"prompts": list(prompts)} if prompts else {}
    return {"max_slices": max_slices, "max_instances": max_instances, **asked}
