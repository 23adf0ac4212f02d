"""One box on one slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np

from samaritan.core import PromptSet
from samaritan.prompts._options import choice
from samaritan.prompts._slices import SliceBoxes
from samaritan.prompts._solid import Solid
from samaritan.prompts._strategy import Option, strategy

Centre = Literal["largest", "middle"]


@strategy("centre-box")
@dataclass(frozen=True, kw_only=True)
class CentreBox(SliceBoxes):
    """``centre-box``, ``centre-box:middle``: a box on one slice, the only thing that is said about a volume.

    Attributes:
        slice: "largest" is the slice of largest area, where a radiologist measures a lesion (RECIST 1.1, Eisenhauer et al.
            2009); of equals the one nearest to the middle. "middle" is the middle one of the slices that show the target, as
            in the CVPR 2025 challenge on interactive 3D segmentation.
    """

    slice: Annotated[Centre, Option(choice(*get_args(Centre)), positional=True)] = "largest"

    def ask(self, ref: Solid, rng: np.random.Generator) -> dict[int, PromptSet]:
        """One box."""
        return self.draw(ref, [self.choose(ref)], rng)

    def choose(self, ref: Solid) -> int:
        """The slice."""
        slices = list(ref.areas)
        return ref.largest if self.slice == "largest" else slices[len(slices) // 2]
