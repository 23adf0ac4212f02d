"""Overlapping tiles, for structures that fill a large picture: vessels, membranes, fields of nuclei."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet, Window
from samaritan.models._base import Prediction
from samaritan.predict.framing._base import FRAMINGS, OUTSIDE, Look, Shape, number
from samaritan.predict.framing.zoom import SMALLEST, drawn

#: How far neighbouring tiles reach into each other, in parts of a tile.
OVERLAP = 0.25

#: Tiles along the longer side of a picture, where nobody says; and the most that can be asked for.
TILES, MOST = 2, 32


@dataclass(frozen=True)
class Tiles:
    """``tiles:N``: square tiles, ``count`` along the longer side; a prompt is asked in those that it touches.

    Its box is clipped to each tile. Where tiles overlap their logits are averaged, each the less the nearer its border is. The
    estimate of IoU is the mean over tiles, weighed by what each found. Prompts on one picture share its tiles.
    """

    count: int = TILES

    @property
    def name(self) -> str:
        """``tiles:2``."""
        return f"tiles:{self.count}"

    @property
    def prompted(self) -> bool:
        """No: prompts choose among the same tiles."""
        return False

    def next(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Sequence[Window]:
        """The tiles that the prompt touches, all at once."""
        return () if looks else touched(tile(shape, self.count), prompt)

    def fuse(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Prediction:  # noqa: ARG002
        """The tiles' answers, blended."""
        return blended(looks, shape)


def tile(shape: Shape, count: int) -> list[Window]:
    """Squares that cover a picture of ``shape`` (x, y), ``count`` along its longer side, evenly spread along both."""
    side = min(max(math.ceil(max(shape) / (1 + (count - 1) * (1 - OVERLAP))), SMALLEST), max(shape))
    starts = []
    for length in shape:
        size = min(side, length)
        number_here = 1 if size == length else math.ceil((length - size) / (size * (1 - OVERLAP)) - 1e-9) + 1
        starts.append([(int(start), size) for start in np.linspace(0, length - size, number_here).round()])
    return [Window((x, y), (sx, sy)) for x, sx in starts[0] for y, sy in starts[1]]


def touched(tiles: Sequence[Window], prompt: PromptSet) -> list[Window]:
    """The tiles in which something of the prompt's box or positive clicks lies; all where it has neither."""
    return [window for window in tiles if window.lower(drawn(prompt)) is not None]


def blended(looks: Sequence[Look], shape: Shape) -> Prediction:
    """Logits of all looks at the picture's size, averaged with weights that fall to a tile's borders."""
    candidates = len(looks[0].answer.quality)
    total = np.zeros((candidates, *shape), np.float32)
    weights = np.zeros(shape, np.float32)
    for look in looks:
        weight = _weight(look.window, shape)
        total[:, *look.window.slices] += weight * look.answer.logits
        weights[look.window.slices] += weight
    logits = np.where(weights > 0, total / np.maximum(weights, 1e-6), np.float32(OUTSIDE)).astype(np.float32)
    return Prediction(logits, _quality(looks), logits.swapaxes(1, 2))


def _weight(window: Window, shape: Shape) -> NDArray[np.float32]:
    """(x, y) of a window: distance to its nearest border, where that is not the picture's own."""
    ramps = []
    for low, size, length in zip(window.low, window.size, shape, strict=True):
        from_low = np.arange(1, size + 1, dtype=np.float32)
        ramp = np.full(size, np.float32(length))
        if low > 0:
            ramp = np.minimum(ramp, from_low)
        if low + size < length:
            ramp = np.minimum(ramp, from_low[::-1])
        ramps.append(ramp)
    return np.asarray(np.minimum.outer(ramps[0], ramps[1]), np.float32)


def _quality(looks: Sequence[Look]) -> NDArray[np.float32]:
    """(candidate,) mean estimate, each look weighed by the pixels that it found (all alike where none found any)."""
    areas = np.array([(look.answer.logits > 0).sum(axis=(1, 2)) for look in looks], np.float64)
    areas[:, areas.sum(axis=0) == 0] = 1
    estimates = np.stack([look.answer.quality for look in looks])
    return np.asarray((areas * estimates).sum(axis=0) / areas.sum(axis=0), np.float32)


@FRAMINGS.register("tiles")
def make(text: str) -> Tiles:
    """``tiles`` or ``tiles:N``."""
    return Tiles(int(number("tiles", text, 1, MOST, TILES, whole=True)))
