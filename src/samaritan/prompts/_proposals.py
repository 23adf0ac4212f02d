"""SAM's automatic mask generator after the decoder: filters and non-maximum suppression (arXiv 2304.02643, appendix B)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from samaritan.prompts._base import Answer, Proposal


@dataclass(eq=False)
class Filtered:
    """Answers to a grid of points, reduced one candidate at a time to what passes the filters.

    Only masks that pass are kept, cropped and packed to bits (at most 1/32 of their float logits); nothing else of an answer
    is held, so that a picture can be asked in chunks of any size with the same result.

    Attributes:
        quality: least estimate of IoU.
        stability: least stability.
        offset: how far the cut moves, up and down, for the stability.
        nms: of two masks whose boxes have a larger IoU, only the one of higher quality stays.
    """

    quality: float
    stability: float
    offset: float
    nms: float
    passed: list[Proposal] = field(default_factory=list, init=False)

    def add(self, answers: Sequence[Answer]) -> None:
        """Filter the candidates of some answers, each (candidate, x, y)."""
        for answer in answers:
            for logits, quality in zip(answer.logits, answer.quality, strict=True):
                if quality >= self.quality and (stability := stability_of(logits, self.offset)) >= self.stability:
                    self.passed += _pack(logits > 0, float(quality), stability)

    def result(self) -> list[Proposal]:
        """What is left after non-maximum suppression, highest quality first; empty where nothing passed."""
        order = sorted(self.passed, key=lambda proposal: -proposal.quality)
        return [order[index] for index in suppress(np.array([p.box for p in order]).reshape(-1, 2, 2), self.nms)]


def stability_of(logits: NDArray[np.float32], offset: float) -> float:
    """IoU of the masks ``logits > offset`` and ``logits > -offset``, of which one contains the other; 0 for no mask."""
    wide = np.count_nonzero(logits > -offset)
    return np.count_nonzero(logits > offset) / wide if wide else 0.0


def suppress(boxes: NDArray[np.int64], threshold: float) -> list[int]:
    """Greedy non-maximum suppression.

    Args:
        boxes: (n, 2, 2) smallest and largest pixel (x, y), the preferred box first. Corner pixels count whole, which the
            authors' code does not do: its boxes of one pixel's width have no area.
        threshold: a box is dropped when its IoU with one that stays is larger.

    Returns:
        Indices of the boxes that stay, ascending.
    """
    areas = (boxes[:, 1] - boxes[:, 0] + 1).prod(axis=1)
    alive = np.arange(len(boxes))
    kept: list[int] = []
    while alive.size:
        best, alive = int(alive[0]), alive[1:]
        kept.append(best)
        low, high = np.maximum(boxes[alive, 0], boxes[best, 0]), np.minimum(boxes[alive, 1], boxes[best, 1])
        shared = np.clip(high - low + 1, 0, None).prod(axis=1)
        alive = alive[shared <= threshold * (areas[alive] + areas[best] - shared)]
    return kept


def dice(proposal: Proposal, ref: NDArray[np.bool_]) -> float:
    """Dice of a proposal and an (x, y) reference, looking at no more than the proposal's box."""
    (x0, y0), (x1, y1) = proposal.box
    shared = np.count_nonzero(proposal.inside() & ref[x0 : x1 + 1, y0 : y1 + 1])
    return 2 * shared / (proposal.area + np.count_nonzero(ref))


def _pack(mask: NDArray[np.bool_], quality: float, stability: float) -> list[Proposal]:
    if not mask.any():
        return []
    (x0, x1), (y0, y1) = (np.flatnonzero(mask.any(axis=other))[[0, -1]] for other in (1, 0))
    crop = np.packbits(mask[x0 : x1 + 1, y0 : y1 + 1])
    return [Proposal(np.array([[x0, y0], [x1, y1]]), crop, int(np.count_nonzero(mask)), quality, stability)]
