"""Boxes on a fixed number of slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from samaritan.core import PromptSet
from samaritan.prompts._options import whole
from samaritan.prompts._slices import SliceBoxes
from samaritan.prompts._solid import Solid, spread
from samaritan.prompts._strategy import Option, strategy


@strategy("slices")
@dataclass(frozen=True, kw_only=True)
class SomeSlices(SliceBoxes):
    """``slices:3``: boxes on three slices, the middles of three equal parts of those that show the target.

    A target on fewer slices has a box on each of them.

    Attributes:
        count: how many slices.
    """

    count: Annotated[int, Option(whole(1, 10_000), positional=True)]

    def ask(self, ref: Solid, rng: np.random.Generator) -> dict[int, PromptSet]:
        """A box on each of these slices."""
        return self.draw(ref, spread(list(ref.areas), self.count), rng)
