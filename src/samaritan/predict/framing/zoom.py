"""A square around the prompt, so that a small target fills what the network sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet, Window
from samaritan.models._base import Prediction
from samaritan.predict.framing._base import FRAMINGS, Look, Shape, number, pasted

#: The smallest square that is cut out, in pixels: with less around it the model has nothing to compare a target with.
SMALLEST = 16

#: The widest that makes sense, in sides of the prompt.
WIDEST = 20.0


@dataclass(frozen=True)
class Zoom:
    """``zoom:F``: a square of ``factor`` times the prompt's longer side, at least :data:`SMALLEST` pixels.

    The prompt's extent is that of its box, else of its mask hint drawn by a person. Clicks alone have none: they say where a
    target is and not how large, and are answered on the whole picture.
    """

    factor: float

    @property
    def name(self) -> str:
        """``zoom:1.5``."""
        return f"zoom:{self.factor:g}"

    @property
    def prompted(self) -> bool:
        """Yes."""
        return True

    def next(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Sequence[Window]:
        """The square, once."""
        return () if looks else (around(prompt, self.factor, shape) or Window.whole(shape),)

    def fuse(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Prediction:  # noqa: ARG002
        """The answer, pasted into the picture."""
        return pasted(looks[0], shape)


def around(prompt: PromptSet, factor: float, shape: Shape) -> Window | None:
    """The square about a prompt on a picture of ``shape`` (x, y); None where the prompt has no extent.

    Positive clicks that a square of the box's own size would miss make it larger.
    """
    corners = extent(prompt)
    if corners is None:
        return None
    low, high = corners
    side = max(factor * float((high - low + 1).max()), SMALLEST)
    return Window.around((low + high) / 2, side, shape)


def extent(prompt: PromptSet) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Smallest and largest pixel (x, y) of the box (else of the mask hint) and of positive clicks; None for clicks alone."""
    if prompt.box is not None:
        corners = [prompt.box.lo[:2], prompt.box.hi[:2]]
    elif prompt.mask is not None and prompt.mask.frame == "image" and (prompt.mask.logits > 0).any():
        inside = np.argwhere(prompt.mask.logits > 0).astype(float)
        corners = [inside.min(axis=0), inside.max(axis=0)]
    else:
        return None
    if prompt.points is not None:
        corners += list(prompt.points.ijk[prompt.points.labels == 1, :2])
    return np.min(corners, axis=0), np.max(corners, axis=0)


def elongation(prompt: PromptSet) -> float:
    """Longer side of the prompt in shorter ones; 1 for clicks alone."""
    corners = extent(prompt)
    if corners is None:
        return 1.0
    sides = corners[1] - corners[0] + 1
    return float(sides.max() / sides.min())


def drawn(prompt: PromptSet) -> PromptSet:
    """The prompt without logits that are fed back, which say nothing about where to look."""
    return prompt if prompt.mask is None or prompt.mask.frame == "image" else PromptSet(prompt.points, prompt.box)


@FRAMINGS.register("zoom")
def make(text: str) -> Zoom:
    """``zoom:F``."""
    return Zoom(number("zoom", text, 1.0, WIDEST))
