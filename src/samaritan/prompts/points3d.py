"""Clicks in space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, get_args

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet
from samaritan.prompts._options import choice, whole
from samaritan.prompts._region import CLICKS, Click, depths, one_of, positives, scattered
from samaritan.prompts._solid import Solid
from samaritan.prompts._strategy import Option, VolumeStrategy, strategy


@strategy("points3d")
@dataclass(frozen=True, kw_only=True)
class Points3D(VolumeStrategy):
    """``points3d:5``: five clicks anywhere inside the target, on whichever slices they fall.

    Clicks are uniform over the target's voxels and no voxel is clicked twice; a target of fewer voxels gets fewer clicks.

    Attributes:
        count: number of clicks.
        start: where the first one goes: "centre" is the voxel deepest inside, in millimetres.
    """

    count: Annotated[int, Option(whole(1, 1000), positional=True)]
    start: Annotated[Click, Option(choice(*get_args(Click)))] = "random"

    def ask(self, ref: Solid, rng: np.random.Generator) -> dict[int, PromptSet]:
        """All clicks, slice by slice."""
        first = deepest(ref, rng) if self.start == "centre" else CLICKS[self.start](ref.crop, rng) + ref.corner
        rest = ref.crop.copy()
        rest[tuple((first - ref.corner).astype(int))] = False
        places = np.vstack([first, scattered(rest, self.count - 1, rng) + ref.corner])
        return {int(k): PromptSet(points=positives(places[places[:, 2] == k, :2])) for k in np.unique(places[:, 2])}


def deepest(solid: Solid, rng: np.random.Generator) -> NDArray[np.float64]:
    """(3,) the voxel (x, y, slice) deepest inside a target that is not empty, in millimetres.

    Outside the volume counts as background, except before and behind a single picture. What is thin across the slices has many
    voxels of one depth; of these it is the one deepest inside its own slice, then one at random.
    """
    crop = solid.crop
    tied = crop
    if solid.shape[2] > 1:
        depth = depths(crop, solid.spacing)
        tied = depth == depth.max()
    within = np.zeros(crop.shape)
    for k in np.flatnonzero(tied.any(axis=(0, 1))):
        within[:, :, k] = depths(crop[:, :, k], solid.spacing[:2])
    return np.asarray(one_of(np.where(tied, within, 0), rng) + solid.corner, float)
