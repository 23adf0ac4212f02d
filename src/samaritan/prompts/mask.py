"""A rough mask as the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from samaritan.core import MaskHint, PromptSet
from samaritan.prompts._base import Mask
from samaritan.prompts._options import real, whole
from samaritan.prompts._strategy import Option, Strategy, strategy


@strategy("mask")
@dataclass(frozen=True, kw_only=True)
class RoughMask(Strategy):
    """``mask``, ``mask:cells=16``, ``mask:grow=-3``: a degraded copy of the reference as a mask hint.

    The reference is first eroded or dilated, then averaged over square cells and cut at one half, so that a hint tells where
    the target is and roughly its form, never its exact outline. A hint that would vanish keeps its fullest cell. SAM
    (arXiv 2304.02643) takes mask prompts as logits on a grid of 256 x 256; the model's room resizes.

    Attributes:
        cells: number of cells along the longer side of the picture; as many as pixels give the grown reference itself.
        grow: the outline moves outwards by so many pixels, inwards where negative.
    """

    cells: Annotated[int, Option(whole(1, 65_536))] = 64
    grow: Annotated[float, Option(real(-1000, 1000))] = 0.0

    def ask(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:  # noqa: ARG002 - the contract's signature
        """One question with a hint on the picture's own grid."""
        return [PromptSet(mask=MaskHint.from_mask(coarse(moved(ref, self.grow), self.cells)))]


def moved(mask: Mask, grow: float) -> Mask:
    """The (x, y) mask with its outline moved by ``grow`` pixels; an eroded mask keeps at least its deepest pixels."""
    if grow > 0:
        return np.asarray(ndimage.distance_transform_edt(~mask) <= grow)
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return np.asarray(depth > min(-grow, depth.max() - 0.5))


def coarse(mask: Mask, cells: int) -> Mask:
    """The (x, y) mask seen on ``cells`` square cells along its longer side, on its own grid again."""
    side = max(1, -(-max(mask.shape) // cells))
    share = _mean(mask, side)
    full = share >= min(0.5, float(share.max()))
    return np.repeat(np.repeat(full, side, axis=0), side, axis=1)[: mask.shape[0], : mask.shape[1]]


def _mean(mask: Mask, side: int) -> NDArray[np.float64]:
    """(cells x, cells y) share of each cell's pixels that belong to the mask; cells at the far edges may be smaller."""
    starts = [np.arange(0, n, side) for n in mask.shape]
    sums = np.add.reduceat(np.add.reduceat(mask.astype(float), starts[0], axis=0), starts[1], axis=1)
    lengths = [np.diff(np.append(start, n)) for start, n in zip(starts, mask.shape, strict=True)]
    return np.asarray(sums / np.outer(*lengths))
