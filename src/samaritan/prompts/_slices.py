"""What box strategies in space share: a box on each of some slices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from samaritan.core import PromptSet
from samaritan.prompts._looseness import Loose
from samaritan.prompts._solid import Solid
from samaritan.prompts._strategy import VolumeStrategy


@dataclass(frozen=True, kw_only=True)
class SliceBoxes(Loose, VolumeStrategy):
    """Base of strategies that draw a box around the target on some of its slices; options are those of ``box``."""

    def draw(self, ref: Solid, slices: Iterable[int], rng: np.random.Generator) -> dict[int, PromptSet]:
        """Slice -> a box around what ``ref`` shows there; every slice shows something."""
        return {k: PromptSet(box=self.box(ref.picture(k), rng)) for k in slices}
