"""A box and a click inside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, get_args

import numpy as np

from samaritan.core import PromptSet
from samaritan.prompts._base import Mask
from samaritan.prompts._looseness import BoxStrategy
from samaritan.prompts._options import choice
from samaritan.prompts._region import CLICKS, Click, positives
from samaritan.prompts._strategy import Option, strategy


@strategy("box+point")
@dataclass(frozen=True, kw_only=True)
class BoxAndPoint(BoxStrategy):
    """``box+point``: one box around all of the target and one positive click, in one question (Huang S6, arXiv 2304.14660).

    The options of ``box`` apply to the box; the click belongs to the target even where a poor box leaves it out.

    Attributes:
        click: where the click goes, as in ``point``.
    """

    click: Annotated[Click, Option(choice(*get_args(Click)), positional=True)] = "centre"

    def ask(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:
        """One question with both."""
        return [PromptSet(points=positives(CLICKS[self.click](ref, rng)[None]), box=self.box(ref, rng))]
