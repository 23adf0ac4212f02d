"""One box around each piece of the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from samaritan.core import PromptSet
from samaritan.prompts._base import Mask
from samaritan.prompts._looseness import BoxStrategy
from samaritan.prompts._options import whole
from samaritan.prompts._region import components, tight
from samaritan.prompts._strategy import Option, strategy


@strategy("boxes")
@dataclass(frozen=True, kw_only=True)
class ManyBoxes(BoxStrategy):
    """``boxes``, ``boxes:max=3``: one box around each 8-connected component, the largest first, asked one by one.

    Options of ``box`` apply to every box (Mazurowski et al., arXiv 2304.10517, modes 3 and 4 have max = 1 and 3).

    Attributes:
        max: only so many of the largest components; 0 takes all.
    """

    max: Annotated[int, Option(whole(1, 100_000))] = 0

    def ask(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:
        """One question for each component."""
        pieces = components(ref, self.max or None)
        return [PromptSet(box=self.around(corner + tight(piece), ref.shape, rng)) for corner, piece in pieces]
