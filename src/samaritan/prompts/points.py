"""Several clicks at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, get_args

import numpy as np

from samaritan.core import Points, PromptSet
from samaritan.prompts._base import Mask
from samaritan.prompts._options import choice
from samaritan.prompts._region import CLICKS, Click, scattered, surroundings
from samaritan.prompts._strategy import Option, Strategy, strategy

#: More clicks than this on one slice are a mistake of typing.
MOST = 1000


@dataclass(frozen=True)
class Count:
    """How many clicks inside and outside: ``5`` or ``5+5``."""

    positive: int
    negative: int

    @classmethod
    def parse(cls, text: str) -> Count:
        """Read ``5`` or ``5+5``.

        Raises:
            ValueError: another form, no positive click, or too many.
        """
        match = re.fullmatch(r"(\d{1,4})(?:\+(\d{1,4}))?", text)
        count = cls(int(match[1]), int(match[2] or 0)) if match else cls(0, 0)
        if count.positive < 1 or max(count.positive, count.negative) > MOST:
            raise ValueError(f"a number of positive clicks from 1 to {MOST}, or positive+negative such as 5+5")
        return count

    def __str__(self) -> str:
        return f"{self.positive}+{self.negative}" if self.negative else str(self.positive)


@strategy("points")
@dataclass(frozen=True, kw_only=True)
class ManyPoints(Strategy):
    """``points:5``, ``points:5+5``: positive clicks inside, and negative ones around the target, in one question.

    Positive clicks are uniform over the mask (Med-SA "3-points", arXiv 2304.12620; Huang S3, arXiv 2304.14660), negative
    ones uniform over the tight box enlarged 2x minus the mask (Huang S4). No pixel is clicked twice, so a mask smaller
    than the number asked for gets fewer clicks, and one that fills its surroundings gets no negative ones.

    Attributes:
        count: number of clicks.
        start: where the first positive click goes; Huang starts at the centroid.
    """

    count: Annotated[Count, Option(Count.parse, positional=True)]
    start: Annotated[Click, Option(choice(*get_args(Click)))] = "random"

    def ask(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:
        """One question with all clicks, positive ones first."""
        start = CLICKS[self.start](ref, rng)
        rest = ref.copy()
        rest[tuple(start.astype(int))] = False
        inside = np.vstack([start, scattered(rest, self.count.positive - 1, rng)])
        outside = scattered(surroundings(ref), self.count.negative, rng)
        labels = [1] * len(inside) + [0] * len(outside)
        return [PromptSet(points=Points(np.vstack([inside, outside]), labels))]
