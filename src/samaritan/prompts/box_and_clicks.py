"""A person who draws a box, looks, and clicks where the mask is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, get_args

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet
from samaritan.prompts._base import Mask
from samaritan.prompts._looseness import BoxStrategy
from samaritan.prompts._options import choice, whole
from samaritan.prompts._strategy import Option, strategy
from samaritan.prompts.clicks import Feedback, correction


@strategy("box+clicks")
@dataclass(frozen=True, kw_only=True)
class BoxAndClicks(BoxStrategy):
    """``box+clicks:5``: one box around all of the target, then up to five corrective clicks; box and clicks are all kept.

    The options of ``box`` apply to the box, the clicks are those of ``clicks`` after its first.

    Attributes:
        count: number of clicks.
        feedback: as in ``clicks``.
    """

    count: Annotated[int, Option(whole(1, 100), positional=True)]
    feedback: Annotated[Feedback, Option(choice(*get_args(Feedback)))] = "logits"

    @property
    def rounds(self) -> int:
        """The box, and each click."""
        return 1 + self.count

    def ask(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:
        """The box."""
        return [PromptSet(box=self.box(ref, rng))]

    def correct(
        self, ref: Mask, pred: Mask, low_res: NDArray[np.float32], previous: PromptSet, rng: np.random.Generator
    ) -> PromptSet | None:
        """The box, all clicks so far and one more in the error between ``ref`` and ``pred`` (x, y); None where none is."""
        return correction(ref, pred, low_res if self.feedback == "logits" else None, previous, rng)
