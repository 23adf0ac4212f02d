"""One answer on one slice in few bytes: the part of its logits around the mask, an eighth of a logit fine, deflated.

A volume with many targets has (targets x slices) answers. As float32 pictures they would be thousands of times the volume; a
mask's neighbourhood alone, as bytes, is what overlap rules, fusion and the next slice's prompt need.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

#: Steps per logit, and the logits that are kept: below the lowest a pixel counts as certain background (p < 0.02).
STEPS, LOWEST = 8.0, -4.0

#: Beyond this logit a step is a whole logit, so that of two sure targets the surer one stays so; 127 steps end at the highest.
COARSE = 12.0
HIGHEST = COARSE + 127 - COARSE * STEPS

#: What is said of pixels that are not kept.
OUTSIDE = -127 / STEPS

Logits = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Patch:
    """The logits of one slice, rounded up and cut at -15.9 and 43, so that "> 0" is the mask to the pixel.

    Attributes:
        shape: size (x, y) of the whole picture.
        corner: first pixel (x, y) of what is kept.
        size: size (x, y) of what is kept; (0, 0) where nothing comes near the mask.
        area: pixels of the mask.
        low: smallest (x, y) of the mask; meaningless where it is empty.
        high: largest (x, y) of the mask, included.
        packed: deflated int8 (x, y).
    """

    shape: tuple[int, int]
    corner: tuple[int, int]
    size: tuple[int, int]
    area: int
    low: tuple[int, int]
    high: tuple[int, int]
    packed: bytes

    @classmethod
    def of(cls, logits: Logits) -> Patch:
        """From (x, y) logits of a whole picture."""
        shape = (logits.shape[0], logits.shape[1])
        spans = _spans(logits > LOWEST)
        if spans is None:
            return cls(shape, (0, 0), (0, 0), 0, (0, 0), (-1, -1), b"")
        (x0, x1), (y0, y1) = spans
        kept = logits[x0:x1, y0:y1]
        steps = _to_steps(kept)
        inside = _spans(steps > 0)
        (a0, a1), (b0, b1) = inside if inside is not None else ((0, 0), (0, 0))
        return cls(
            shape, (x0, y0), (x1 - x0, y1 - y0), int(np.count_nonzero(steps > 0)), (x0 + a0, y0 + b0),
            (x0 + a1 - 1, y0 + b1 - 1), zlib.compress(steps.tobytes(), 1),
        )  # fmt: skip

    @classmethod
    def of_mask(cls, mask: Mask) -> Patch:
        """From an (x, y) mask that somebody is sure of."""
        return cls.of(np.where(mask, COARSE, OUTSIDE).astype(np.float32))

    @classmethod
    def united(cls, answers: list[Patch]) -> Patch:
        """The highest logit of several answers for one target, pixel by pixel."""
        if len(answers) == 1:
            return answers[0]
        return cls.of(np.maximum.reduce([answer.logits() for answer in answers]))

    def logits(self) -> Logits:
        """(x, y) float32 of the whole picture."""
        picture = np.full(self.shape, OUTSIDE, np.float32)
        picture[self._place] = _to_logits(self._steps())
        return picture

    def mask(self) -> Mask:
        """(x, y) bool of the whole picture."""
        picture = np.zeros(self.shape, bool)
        picture[self._place] = self._steps() > 0
        return picture

    def overlap(self, other: Patch) -> float:
        """Dice coefficient of two masks of equally large pictures; 1 where both are empty."""
        if not self.area + other.area:
            return 1.0
        low = np.maximum(self.low, other.low)
        high = np.minimum(self.high, other.high)
        if not (self.area and other.area) or (high < low).any():
            return 0.0
        common = self._cut(low, high) & other._cut(low, high)
        return 2.0 * float(np.count_nonzero(common)) / (self.area + other.area)

    def cropped(self) -> Mask:
        """(x, y) bool, the box ``low``..``high`` of the mask only."""
        return self._cut(np.asarray(self.low), np.asarray(self.high))

    @cached_property
    def _place(self) -> tuple[slice, slice]:
        (x, y), (width, height) = self.corner, self.size
        return slice(x, x + width), slice(y, y + height)

    def _cut(self, low: NDArray[np.int_], high: NDArray[np.int_]) -> Mask:
        x, y = low - self.corner
        right, bottom = high - self.corner + 1
        return np.asarray(self._steps()[x:right, y:bottom] > 0)

    def _steps(self) -> NDArray[np.int8]:
        if not self.packed:
            return np.zeros(self.size, np.int8)
        return np.frombuffer(zlib.decompress(self.packed), np.int8).reshape(self.size)


def _to_steps(logits: Logits) -> NDArray[np.int8]:
    steps = np.where(logits > COARSE, logits + (COARSE * STEPS - COARSE), logits * STEPS)
    return np.clip(np.ceil(steps), -127, 127).astype(np.int8)


def _to_logits(steps: NDArray[np.int8]) -> Logits:
    every = steps.astype(np.float32)
    fine = np.minimum(every, np.float32(COARSE * STEPS))
    return np.asarray(fine / STEPS + (every - fine), np.float32)


def _spans(mask: Mask) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """First and one past the last index along x and y, or None where the mask is empty."""
    columns = np.flatnonzero(mask.any(axis=1))
    if not columns.size:
        return None
    rows = np.flatnonzero(mask[columns[0] : columns[-1] + 1].any(axis=0))
    return (int(columns[0]), int(columns[-1]) + 1), (int(rows[0]), int(rows[-1]) + 1)
