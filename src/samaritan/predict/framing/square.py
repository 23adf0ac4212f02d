"""The whole picture with square pixels: thick slices seen from the side have their true proportions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samaritan.core import PromptSet, Window
from samaritan.models._base import Prediction
from samaritan.predict.framing._base import FRAMINGS, Framing, Look, Shape, Spacing, nothing, pasted
from samaritan.predict.framing._stretched import Stretched
from samaritan.predict.framing.whole import Whole

#: Pixels that are less than so many times as long as wide count as square.
SQUARE = 1.5

#: An axis grows to at most so many pixels, the side of the largest networks of the family, or so many times.
LARGEST, MOST = 1024, 4


@dataclass(frozen=True)
class Square:
    """``square``: one look at everything, resampled along the axis with the longer pixels until they are square.

    Attributes:
        spacing: size of a pixel (x, y), mm.
    """

    spacing: Spacing = (1.0, 1.0)

    @property
    def name(self) -> str:
        """``square``."""
        return "square"

    @property
    def prompted(self) -> bool:
        """No."""
        return False

    def on(self, spacing: Spacing) -> Framing:
        """The same on a picture with such pixels (x, y), mm: where they are square it is ``whole``, to the last bit."""
        return Whole() if ratio(spacing) < SQUARE else Square(spacing)

    def next(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Sequence[Window]:  # noqa: ARG002
        """The picture, once."""
        return () if looks else (Stretched((0, 0), shape, squared(shape, self.spacing)),)

    def fuse(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Prediction:  # noqa: ARG002
        """The answer, resampled to the picture's own pixels."""
        return pasted(looks[0], shape)


def ratio(spacing: Spacing) -> float:
    """Longer side of a pixel of that size (x, y) in shorter ones."""
    return max(spacing) / min(spacing)


def squared(shape: Shape, spacing: Spacing) -> Shape:
    """Size (x, y) of a picture of ``shape`` whose pixels of ``spacing`` (x, y) were made square, within the limits."""
    sizes = (min(round(n * mm / min(spacing)), max(MOST * n, LARGEST)) for n, mm in zip(shape, spacing, strict=True))
    x, y = sizes
    return x, y


@FRAMINGS.register("square")
def make(text: str) -> Square:
    """``square``."""
    nothing("square", text)
    return Square()
