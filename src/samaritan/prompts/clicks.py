"""A person who clicks, looks, and clicks again where the mask is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from samaritan.core import MaskHint, Points, PromptSet
from samaritan.prompts._base import Mask
from samaritan.prompts._options import choice, whole
from samaritan.prompts._region import CLICKS, Click, centre, positives
from samaritan.prompts._strategy import Option, Strategy, strategy

Feedback = Literal["logits", "none"]


@strategy("clicks")
@dataclass(frozen=True, kw_only=True)
class Clicks(Strategy):
    """``clicks:10``: up to ten rounds, one corrective click in each; all earlier clicks are kept.

    The first click is the centre click. Each later one is the pixel deepest inside the error, the argmax of the distance
    transform of (false positive or false negative), with the reference's value there as its label (SAM, arXiv 2304.02643;
    Mazurowski et al., arXiv 2304.10517). "Largest error" therefore means the widest, not the one of largest area.

    Attributes:
        count: number of rounds.
        feedback: "logits" gives the previous low-resolution logits back as a mask hint, as SAM does; "none" does not, as
            Mazurowski et al. did not.
        start: where the first click goes.
    """

    count: Annotated[int, Option(whole(1, 100), positional=True)]
    feedback: Annotated[Feedback, Option(choice(*get_args(Feedback)))] = "logits"
    start: Annotated[Click, Option(choice(*get_args(Click)))] = "centre"

    @property
    def rounds(self) -> int:
        """One click in each."""
        return self.count

    def ask(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:
        """The first click."""
        return [PromptSet(points=positives(CLICKS[self.start](ref, rng)[None]))]

    def correct(
        self, ref: Mask, pred: Mask, low_res: NDArray[np.float32], previous: PromptSet, rng: np.random.Generator
    ) -> PromptSet | None:
        """All clicks so far and one more in the error between ``ref`` and ``pred`` (x, y); None where they are equal."""
        return correction(ref, pred, low_res if self.feedback == "logits" else None, previous, rng)


def correction(
    ref: Mask, pred: Mask, low_res: NDArray[np.float32] | None, previous: PromptSet, rng: np.random.Generator
) -> PromptSet | None:
    """All of ``previous`` and one more click, deepest inside the error between ``ref`` and ``pred`` (x, y).

    Args:
        ref: what the person wants.
        pred: what the model answered.
        low_res: (y, x) logits of the answer, to be fed back; None feeds nothing back.
        previous: what was asked.
        rng: chooses among pixels that lie equally deep.

    Returns:
        The next question; None where the two masks are equal.
    """
    wrong = ref != pred
    if not wrong.any():
        return None
    place = centre(wrong, rng)
    label = int(ref[tuple(place.astype(int))])
    earlier = previous.points
    points = (
        Points(np.vstack([earlier.ijk[:, :2], place]), np.append(earlier.labels, label))
        if earlier is not None
        else Points(place, label)
    )
    mask = None if low_res is None else MaskHint(np.asarray(low_res, np.float32), "model")
    return PromptSet(points=points, box=previous.box, mask=mask)
