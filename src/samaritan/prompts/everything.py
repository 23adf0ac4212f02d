"""Every object in the picture, asked for by a grid of points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from samaritan.core import PromptSet, UsageError
from samaritan.prompts._base import Answer, Candidates, Mask, Proposal
from samaritan.prompts._options import choice, real, whole
from samaritan.prompts._proposals import Filtered, dice
from samaritan.prompts._region import positives
from samaritan.prompts._strategy import Option, Strategy, strategy


@strategy("everything")
@dataclass(frozen=True, kw_only=True)
class Everything(Strategy):
    """``everything``, ``everything:16``: SAM's automatic mask generator (arXiv 2304.02643), matched to each target.

    One positive point in the middle of each cell of an n x n grid over the picture; all three candidates of each are filtered
    by estimated IoU and by stability, then by non-maximum suppression of their boxes. No crops, and no removal of small
    pieces (both off in the authors' defaults). A target is matched to the proposal of highest Dice, which is an oracle:
    nobody who does not know the reference could choose so. Huang S1 (arXiv 2304.14660) is this with its defaults.

    A model whose quality estimate is poorly calibrated may leave nothing after the filters. That is an outcome, not an
    error: :meth:`match` answers None, and the target's mask is empty. Lower ``quality`` and ``stability`` for such a model.

    Attributes:
        side: points along each side of the grid.
        quality: least estimate of IoU.
        stability: least IoU between the masks cut at +offset and at -offset.
        offset: how far the cut moves.
        nms: largest IoU of two boxes that may both stay.
    """

    shared: ClassVar[bool] = True
    automatic: ClassVar[bool] = True

    candidates: Annotated[Candidates, Option(choice("oracle"))] = "oracle"
    side: Annotated[int, Option(whole(1, 256), positional=True)] = 32
    quality: Annotated[float, Option(real(0, 1))] = 0.88
    stability: Annotated[float, Option(real(0, 1))] = 0.95
    offset: Annotated[float, Option(real(0, 100))] = 1.0
    nms: Annotated[float, Option(real(0, 1))] = 0.7

    def first(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:  # noqa: ARG002 - the contract's signature
        """A grid of questions, of one point each, whatever the reference: only the shape of ``ref`` (x, y) is used."""
        x, y = (np.clip((np.arange(self.side) + 0.5) / self.side * n - 0.5, 0, n - 1) for n in ref.shape)
        return [PromptSet(points=positives(np.array([[i, j]]))) for i in x for j in y]

    def collect(self) -> Filtered:
        """A new collection for one picture: ``add`` answers chunk by chunk, then take ``result``."""
        return Filtered(self.quality, self.stability, self.offset, self.nms)

    def filter(self, answers: Sequence[Answer]) -> list[Proposal]:
        """What passes of answers that are all at hand."""
        collection = self.collect()
        collection.add(answers)
        return collection.result()

    def match(self, proposals: Sequence[Proposal], ref: Mask) -> int | None:
        """The proposal of highest Dice to the (x, y) reference (ties: the first), or None where none overlaps it.

        Raises:
            UsageError: a proposal comes from a picture of another size.
        """
        if any((proposal.box[1] >= ref.shape).any() for proposal in proposals):
            raise UsageError(
                f"The proposals come from a larger picture than the reference, which has shape {ref.shape}."
            )
        scores = [dice(proposal, ref) for proposal in proposals]
        best = int(np.argmax(scores)) if scores else -1
        return best if scores and scores[best] > 0 else None
