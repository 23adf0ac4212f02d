"""A box in space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from samaritan.core import PromptSet
from samaritan.prompts._looseness import Loose
from samaritan.prompts._region import tight
from samaritan.prompts._solid import Solid
from samaritan.prompts._strategy import VolumeStrategy, strategy


@strategy("box3d")
@dataclass(frozen=True, kw_only=True)
class Box3D(Loose, VolumeStrategy):
    """``box3d``: one box in space around all of the target, which is the same box on every slice that shows it.

    Tells on which slices the target is, and little else: near its ends the box is far too large. Options are those of ``box``
    and apply within the slices; the first and the last slice are always the target's own. One act of a person.
    """

    bounded: ClassVar[bool] = True

    def ask(self, ref: Solid, rng: np.random.Generator) -> dict[int, PromptSet]:
        """The same box on every slice."""
        shadow = np.zeros(ref.shape[:2], bool)
        low, high = (tight(ref.crop)[:, :2] + ref.corner[:2]).astype(int)
        shadow[low[0] : high[0] + 1, low[1] : high[1] + 1] = True
        prompt = PromptSet(box=self.box(shadow, rng))
        return dict.fromkeys(ref.areas, prompt)

    def interactions(self, prompts: Mapping[int, PromptSet]) -> int:
        """One, on however many slices."""
        return int(bool(prompts))
