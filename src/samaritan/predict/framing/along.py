"""Squares along a long and thin prompt: a layer, a vessel, a cord, which no single square can bring close."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samaritan.core import PromptSet, Window
from samaritan.models._base import Prediction
from samaritan.predict.framing._base import FRAMINGS, Look, Shape, number
from samaritan.predict.framing.tiles import OVERLAP, blended
from samaritan.predict.framing.zoom import SMALLEST, WIDEST, drawn, extent

#: Squares have so many shorter sides of the prompt, where nobody says.
FACTOR = 3.0


@dataclass(frozen=True)
class Along:
    """``along:F``: overlapping squares of ``factor`` times the prompt's shorter side, in a row along its longer one.

    The prompt's box is clipped to each square, and the answers are blended as those of :class:`Tiles`. A prompt that is about
    as long as wide gets one square, as from ``zoom:F``; clicks alone are answered on the whole picture.
    """

    factor: float = FACTOR

    @property
    def name(self) -> str:
        """``along:3``."""
        return f"along:{self.factor:g}"

    @property
    def prompted(self) -> bool:
        """Yes."""
        return True

    def next(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Sequence[Window]:
        """The squares, all at once."""
        return () if looks else squares(prompt, self.factor, shape) or (Window.whole(shape),)

    def fuse(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Prediction:  # noqa: ARG002
        """The squares' answers, blended."""
        return blended(looks, shape)


def squares(prompt: PromptSet, factor: float, shape: Shape) -> tuple[Window, ...]:
    """The squares on a picture of ``shape`` (x, y) in which something of the prompt lies; none for clicks alone."""
    corners = extent(prompt)
    if corners is None:
        return ()
    low, high = corners
    sides, centre = high - low + 1, (low + high) / 2
    axis = int(sides[1] > sides[0])
    side = max(factor * float(sides.min()), SMALLEST)
    reach = float(sides[axis]) + side - float(sides.min())  # as much around the ends as beside the prompt
    count = math.ceil(max(reach - side, 0) / (side * (1 - OVERLAP)) - 1e-9) + 1
    found = []
    for place in np.linspace(-(reach - side) / 2, (reach - side) / 2, count) if count > 1 else [0.0]:
        at = centre.copy()
        at[axis] += place
        found.append(Window.around(at, side, shape))
    return tuple(window for window in dict.fromkeys(found) if window.lower(drawn(prompt)) is not None)


@FRAMINGS.register("along")
def make(text: str) -> Along:
    """``along`` or ``along:F``."""
    return Along(number("along", text, 1.0, WIDEST, FACTOR))
