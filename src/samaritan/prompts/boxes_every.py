"""Boxes on every k-th slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from samaritan.core import PromptSet
from samaritan.prompts._options import whole
from samaritan.prompts._slices import SliceBoxes
from samaritan.prompts._solid import Solid
from samaritan.prompts._strategy import Option, strategy


@strategy("boxes-every")
@dataclass(frozen=True, kw_only=True)
class BoxesEvery(SliceBoxes):
    """``boxes-every:5``: a box on every fifth of the slices that show the target, from the first on, and on the last one.

    The two ends always have one, so that nothing is carried on beyond the target. ``boxes-every:1`` has a box on every slice:
    what the model can do when nothing is left to propagation, the ceiling of the others.

    Attributes:
        step: every how many slices.
    """

    bounded: ClassVar[bool] = True

    step: Annotated[int, Option(whole(1, 10_000), positional=True)]

    def ask(self, ref: Solid, rng: np.random.Generator) -> dict[int, PromptSet]:
        """A box on each of these slices."""
        slices = list(ref.areas)
        return self.draw(ref, sorted({*slices[:: self.step], slices[-1]}), rng)
