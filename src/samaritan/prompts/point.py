"""One click inside the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, get_args

import numpy as np

from samaritan.core import PromptSet
from samaritan.prompts._base import Mask
from samaritan.prompts._options import choice, whole
from samaritan.prompts._region import CLICKS, Click, components, positives
from samaritan.prompts._strategy import Option, Strategy, strategy


@strategy("point")
@dataclass(frozen=True, kw_only=True)
class Point(Strategy):
    """``point``, ``point:random``, ``point:centroid``: one positive click.

    Attributes:
        click: "centre" is the pixel deepest inside, the argmax of the Euclidean distance transform of the mask padded by
            one pixel, ties at random (Mazurowski et al., arXiv 2304.10517; SAM, arXiv 2304.02643); "random" is uniform over
            the mask (Med-SA, arXiv 2304.12620; SAM-Med2D, arXiv 2308.16184); "centroid" is the centre of mass where
            it lies inside, else uniform (Huang et al., arXiv 2304.14660).
        components: 0 takes the mask as it is; n puts one click into each of the n largest 8-connected components, all
            in one question (Mazurowski modes 1 and 2).
    """

    click: Annotated[Click, Option(choice(*get_args(Click)), positional=True)] = "centre"
    components: Annotated[int, Option(whole(1, 1000))] = 0

    def ask(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:
        """One question with one click, or with one for each of the chosen components."""
        pieces = components(ref, self.components) if self.components else [(np.zeros(2), ref)]
        places = np.array([corner + CLICKS[self.click](piece, rng) for corner, piece in pieces])
        return [PromptSet(points=positives(places))]
