"""No prompt at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from samaritan.core import PromptSet
from samaritan.prompts._base import Mask
from samaritan.prompts._strategy import Strategy, strategy


@strategy("none")
@dataclass(frozen=True, kw_only=True)
class NoPrompt(Strategy):
    """``none``: a question without any prompt, for models adapted to one target (SAMed, arXiv 2304.13785)."""

    automatic: ClassVar[bool] = True

    def ask(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:  # noqa: ARG002 - the contract's signature
        """One empty question."""
        return [PromptSet()]
