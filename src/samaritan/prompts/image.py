"""The whole picture as the box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from samaritan.core import PromptSet
from samaritan.prompts._base import Mask
from samaritan.prompts._region import as_box, whole_picture
from samaritan.prompts._strategy import Strategy, strategy


@strategy("image")
@dataclass(frozen=True, kw_only=True)
class WholeImage(Strategy):
    """``image``: the whole picture as the box, the automatic prompt of adapted models (finetune-SAM, arXiv 2404.09957)."""

    automatic: ClassVar[bool] = True

    def ask(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:  # noqa: ARG002 - the contract's signature
        """One question with the picture's outermost pixel centres as corners."""
        return [PromptSet(box=as_box(whole_picture(ref.shape)))]
