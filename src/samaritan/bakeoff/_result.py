"""What an arm brought, as it lies in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from samaritan.core import Config

#: Written last of all, so it marks an arm that needs no more work.
FILE = "scores.json"

#: The run folder, inside an arm's, with the scores of the test part.
SCORES = "test"


class ArmResult(Config):
    """Numbers of one arm; those of training are 0 for the base.

    Attributes:
        label: of its row.
        method: name in METHODS; "" for the base.
        settings: of the method, as far as they were given.
        seed: of the training.
        train_cases: number of training patients that were asked for; None is all of them.
        steps: optimiser steps.
        minutes: of training.
        peak_mb: largest memory of the process while it trained, in MiB.
        trained: parameters that were trained.
        base_parameters: parameters of the base.
        adapter_bytes: size of the adapter file.
        best_dice: best Dice on the validation part; None without one.
        encode_seconds: one picture through the encoder, the fastest of several.
        decode_seconds: one prompt through the decoder, the fastest of several.
        adapter: the adapter file, relative to the arm's folder; "" for the base.
    """

    label: str
    method: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    seed: int = 0
    train_cases: int | None = None
    steps: int = 0
    minutes: float = 0.0
    peak_mb: float = 0.0
    trained: int = 0
    base_parameters: int = 0
    adapter_bytes: int = 0
    best_dice: float | None = None
    encode_seconds: float | None = None
    decode_seconds: float | None = None
    adapter: str = ""

    @property
    def share(self) -> float:
        """Trained parameters over those of the base."""
        return self.trained / self.base_parameters if self.base_parameters else 0.0

    @classmethod
    def find(cls, folder: Path) -> ArmResult | None:
        """The result in an arm's folder; None where the arm is not finished."""
        path = folder / FILE
        return cls.read(path) if path.is_file() else None
