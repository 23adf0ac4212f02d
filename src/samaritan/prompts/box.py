"""One box around the whole target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from samaritan.core import PromptSet
from samaritan.prompts._base import Mask
from samaritan.prompts._looseness import BoxStrategy
from samaritan.prompts._strategy import strategy


@strategy("box")
@dataclass(frozen=True, kw_only=True)
class OneBox(BoxStrategy):
    """``box``, ``box:margin=0.1``, ``box:jitter=10px``...: one box around all of the target, tight unless told otherwise.

    Corners are centres of pixels that belong to the target, so a one-pixel target has a box without extent. Options and
    their sources are those of :class:`BoxStrategy`.
    """

    def ask(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:
        """One question with one box."""
        return [PromptSet(box=self.box(ref, rng))]
