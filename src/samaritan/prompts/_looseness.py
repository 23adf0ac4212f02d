"""What may be wrong with a box: a margin, a shift, sides that wander, or a given overlap with the tight box.

Corners are (2, 2) as in :mod:`samaritan.prompts._region`; a fraction is one of the box's side in pixels (a box from pixel
3 to pixel 7 is 5 long). Every answer is clipped to the picture and may have fractions of a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Box, UsageError
from samaritan.prompts._base import Mask
from samaritan.prompts._options import Span, choice, distance, either, real
from samaritan.prompts._region import Corners, as_box, sides, tight, whole_picture
from samaritan.prompts._strategy import Named, Option, Strategy

Published = Literal["medsam", "sam-med2d"]

#: How often a random direction is tried before the box is simply shrunk, in :func:`overlapping`.
DIRECTIONS = 16


@dataclass(frozen=True, kw_only=True)
class Loose(Named):
    """What strategies share that draw boxes; the options below say how good a box is. Without any it is tight.

    Attributes:
        margin: every side moves outwards by this much (``0.1`` of the side, or ``10px``).
        shift: the whole box moves, along x and along y, by a distance drawn uniformly from this range, in a random
            direction of each axis (Huang et al., arXiv 2304.14660, tested 0-10, 10-20 and 20-30 px).
        jitter: every side moves by itself: uniformly in [-a, a] for ``10px`` or ``0.1``, by +-U[a, b] for a range; "medsam"
            moves outwards by U{0..20} pixels of a picture of 1024 x 1024 (arXiv 2304.12306), "sam-med2d" by a normal draw
            of standard deviation 0.1 x the shorter side, clipped to 5 px (arXiv 2308.16184).
        overlap: the box moves and changes size until its IoU with the tight box is this (Med-SA, arXiv 2304.12620, has
            boxes of 0.5 and 0.75 without saying how they were made).
    """

    margin: Annotated[Span | None, Option(distance)] = None
    shift: Annotated[Span | None, Option(Span.parse)] = None
    jitter: Annotated[Span | Published | None, Option(either(choice(*get_args(Published)), Span.parse))] = None
    overlap: Annotated[float | None, Option(real(0.05, 1))] = None

    def __post_init__(self) -> None:
        if self.overlap is not None and (self.margin or self.shift or self.jitter):
            raise UsageError(f"The prompt {self.head!r} takes overlap alone; leave out margin, shift and jitter.")

    def box(self, mask: Mask, rng: np.random.Generator) -> Box:
        """The box around an (x, y) mask that is not empty."""
        return self.around(tight(mask), mask.shape, rng)

    def around(self, corners: Corners, shape: tuple[int, ...], rng: np.random.Generator) -> Box:
        """The box for tight ``corners`` in a picture of ``shape`` (x, y)."""
        if self.overlap is not None:
            return as_box(overlapping(corners, self.overlap, shape, rng))
        if self.margin is not None:
            reach, _ = self.margin.pixels(sides(corners))
            corners = corners + np.stack([-reach, reach])
        if self.shift is not None:
            corners = corners + _signed(self.shift, sides(corners), 1, rng)
        if self.jitter is not None:
            corners = corners + _wander(self.jitter, corners, shape, rng)
        # Sides that wander past each other still span a box.
        return as_box(clip(np.sort(corners, axis=0), shape))


@dataclass(frozen=True, kw_only=True)
class BoxStrategy(Loose, Strategy):
    """Base of strategies that draw boxes in one picture."""


def clip(corners: Corners, shape: tuple[int, ...]) -> Corners:
    """The same box, without what lies outside a picture of ``shape`` (x, y)."""
    return np.clip(corners, 0, whole_picture(shape)[1])


def iou(a: Corners, b: Corners) -> float:
    """Intersection over union of two boxes, corner pixels counted whole."""
    shared = np.clip(np.minimum(a[1], b[1]) - np.maximum(a[0], b[0]) + 1, 0, None).prod()
    return float(shared / (sides(a).prod() + sides(b).prod() - shared))


def overlapping(corners: Corners, target: float, shape: tuple[int, ...], rng: np.random.Generator) -> Corners:
    """A box whose IoU with ``corners`` is ``target``, along a random mixture of sliding and scaling.

    From a direction (u, v, s), uniform on the sphere, boxes B(t) move by t (u, v) sides and scale by exp(t s). Their IoU
    falls from 1, and bisection finds the t where it meets ``target`` after clipping to the picture. Where the picture leaves
    no room, another direction is taken, then the box shrinks; a target of a few pixels that fills its picture keeps the tight
    box. The directions do not depend on ``target``, so that boxes of 0.5 and 0.75 from one seed lie on one path.
    """
    directions = rng.normal(size=(DIRECTIONS, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for direction in [*directions, np.array([0.0, 0.0, -1.0])]:
        low, high = 0.0, 8.0
        if iou(corners, _moved(corners, direction, high, shape)) > target:
            continue
        for _ in range(60):
            middle = (low + high) / 2
            if iou(corners, _moved(corners, direction, middle, shape)) > target:
                low = middle
            else:
                high = middle
        return _moved(corners, direction, low, shape)
    return corners


def _moved(corners: Corners, direction: NDArray[np.float64], t: float, shape: tuple[int, ...]) -> Corners:
    extent = sides(corners)
    middle = corners.mean(axis=0) + t * direction[:2] * extent
    reach = np.maximum(extent * np.exp(t * direction[2]) - 1, 0) / 2
    return clip(np.stack([middle - reach, middle + reach]), shape)


def _signed(span: Span, extent: NDArray[np.float64], rows: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(rows, 2) draws of +-U[low, high] along (x, y)."""
    low, high = span.pixels(extent)
    return np.asarray(rng.uniform(low, high, (rows, 2)) * rng.choice([-1.0, 1.0], (rows, 2)))


def _wander(
    jitter: Span | Published, corners: Corners, shape: tuple[int, ...], rng: np.random.Generator
) -> NDArray[np.float64]:
    """(2, 2) how far each side moves."""
    if jitter == "medsam":
        outwards = rng.integers(0, 21, (2, 2)) * np.array([[-1], [1]])
        return np.asarray(outwards * np.array(shape[:2]) / 1024)
    if jitter == "sam-med2d":
        return np.clip(rng.normal(0, 0.1 * sides(corners).min(), (2, 2)), -5, 5)
    start = Span(0, jitter.high, jitter.px) if jitter.low == jitter.high else jitter
    return _signed(start, sides(corners), 2, rng)
