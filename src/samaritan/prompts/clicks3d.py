"""A person who corrects a volume: looks, clicks where it is most wrong, and looks again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal, get_args

import numpy as np
from scipy import ndimage

from samaritan.core import Points, PromptSet
from samaritan.prompts._options import choice, whole
from samaritan.prompts._region import positives
from samaritan.prompts._solid import Solid
from samaritan.prompts._strategy import Option, VolumeStrategy, strategy
from samaritan.prompts.centre_box import CentreBox
from samaritan.prompts.points3d import deepest

Start = Literal["box", "click"]


@strategy("clicks3d")
@dataclass(frozen=True, kw_only=True)
class Clicks3D(VolumeStrategy):
    """``clicks3d:5``: a box on the centre slice, then five corrective clicks in space, one in each further round.

    Errors are the voxels that are missing and those that are too many, each in its 26-connected pieces; the largest piece gets
    the next click, at the voxel deepest inside it in millimetres, with the reference's value there as its label. The protocol
    is that of the CVPR 2025 challenge on interactive 3D segmentation, with two deviations: distances know thick slices, and
    missing and surplus voxels that touch are two pieces.

    Attributes:
        count: number of corrective clicks.
        start: "box" is ``centre-box``; "click" is one click at the voxel deepest inside.
    """

    count: Annotated[int, Option(whole(1, 100), positional=True)]
    start: Annotated[Start, Option(choice(*get_args(Start)))] = "box"

    @property
    def rounds(self) -> int:
        """The first prompt, and the clicks."""
        return self.count + 1

    def ask(self, ref: Solid, rng: np.random.Generator) -> dict[int, PromptSet]:
        """The first prompt."""
        if self.start == "box":
            return CentreBox().ask(ref, rng)
        place = deepest(ref, rng)
        return {int(place[2]): PromptSet(points=positives(place[None, :2]))}

    def correct(self, ref: Solid, pred: Solid, rng: np.random.Generator) -> dict[int, PromptSet]:
        """One click into the largest error; {} where there is none."""
        missing, surplus = (_largest(ref.without(pred)), 1), (_largest(pred.without(ref)), 0)
        (piece, size), label = max(missing, surplus, key=lambda found: found[0][1])
        if size == 0:
            return {}
        place = deepest(piece, rng)
        return {int(place[2]): PromptSet(points=Points(place[:2], label))}


def _largest(solid: Solid) -> tuple[Solid, int]:
    """The largest 26-connected piece and its voxels; of equals the first in storage order."""
    labels, count = ndimage.label(solid.crop, structure=np.ones((3, 3, 3)))
    if count == 0:
        return solid, 0
    sizes = np.bincount(labels.ravel())[1:]
    number = int(np.argmax(sizes))
    place = ndimage.find_objects(labels)[number]
    corner = tuple(span.start + c for span, c in zip(place, solid.corner, strict=True))
    return replace(solid, crop=labels[place] == number + 1, corner=corner), int(sizes[number])
