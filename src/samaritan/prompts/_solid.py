"""A target in space, as strategies look at it: a stack of pictures, cropped to what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from samaritan.prompts._base import Mask
from samaritan.prompts._region import tight

Triple = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Solid:
    """A mask of a volume with axes (x, y, slice), of which only the part that holds something is kept; False when empty.

    Attributes:
        crop: (x, y, slice) bool; may have a border of nothing.
        corner: (x, y, slice) of the crop's first voxel in the volume.
        shape: (x, y, slice) of the volume.
        spacing: distance of voxel centres along (x, y, slice), in millimetres, or 1 where the image knows none.
    """

    crop: Mask
    corner: Triple
    shape: Triple
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @classmethod
    def of(cls, mask: Mask, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Self:
        """From the (x, y, slice) bool mask of the whole volume."""
        shape: Triple = (mask.shape[0], mask.shape[1], mask.shape[2])
        if not mask.any():
            return cls(np.zeros((0, 0, 0), bool), (0, 0, 0), shape, spacing)
        low, high = tight(mask).astype(int).tolist()
        return cls(mask[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))], tuple(low), shape, spacing)

    def __bool__(self) -> bool:
        return bool(self.crop.any())

    @property
    def areas(self) -> dict[int, int]:
        """Slice -> pixels there, of the slices that show something, ascending."""
        counts = self.crop.sum(axis=(0, 1))
        return {int(k) + self.corner[2]: int(counts[k]) for k in np.flatnonzero(counts)}

    @property
    def largest(self) -> int:
        """The slice on which it is largest; of equals the one nearest to the middle of its extent, then the lower one."""
        areas = self.areas
        middle = (min(areas) + max(areas)) / 2
        return min(areas, key=lambda k: (-areas[k], abs(k - middle), k))

    def picture(self, index: int) -> Mask:
        """Slice ``index`` as (x, y) bool of the whole picture."""
        canvas = np.zeros(self.shape[:2], bool)
        inside = index - self.corner[2]
        if 0 <= inside < self.crop.shape[2]:
            x, y = self.corner[:2]
            canvas[x : x + self.crop.shape[0], y : y + self.crop.shape[1]] = self.crop[:, :, inside]
        return canvas

    def without(self, other: Solid) -> Solid:
        """What belongs to this one and not to ``other``, of the same volume."""
        left = self.crop.copy()
        low = np.maximum(self.corner, other.corner)
        high = np.minimum(np.add(self.corner, self.crop.shape), np.add(other.corner, other.crop.shape))
        if (high > low).all():
            left[_window(low, high, self.corner)] &= ~other.crop[_window(low, high, other.corner)]
        return Solid(left, self.corner, self.shape, self.spacing)


def spread(slices: list[int], count: int) -> list[int]:
    """At most ``count`` of the slices, evenly spaced: the middles of equal parts."""
    if len(slices) <= count:
        return list(slices)
    middles = ((np.arange(count) + 0.5) * len(slices) / count).astype(int)
    return [slices[m] for m in middles]


def _window(low: NDArray[np.int64], high: NDArray[np.int64], corner: Triple) -> tuple[slice, ...]:
    return tuple(slice(a - c, b - c) for a, b, c in zip(low, high, corner, strict=True))
