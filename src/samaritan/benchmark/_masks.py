"""Masks kept small: thousands of predictions of a case wait for their scoring in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PackedMask:
    """A picture's mask, cropped to what is in it, one bit per pixel.

    Attributes:
        corner: (x, y) of the crop's first pixel.
        size: (x, y) of the crop; (0, 0) for an empty mask.
        bits: the crop, flattened in C order and packed.
    """

    corner: tuple[int, int]
    size: tuple[int, int]
    bits: NDArray[np.uint8]

    @classmethod
    def of(cls, mask: Mask) -> PackedMask:
        """(x, y) bool -> packed."""
        columns, rows = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not columns.size:
            return cls((0, 0), (0, 0), np.empty(0, np.uint8))
        x0, x1, y0, y1 = int(columns[0]), int(columns[-1]) + 1, int(rows[0]), int(rows[-1]) + 1
        return cls((x0, y0), (x1 - x0, y1 - y0), np.packbits(mask[x0:x1, y0:y1]))

    @property
    def area(self) -> int:
        """Number of pixels in the mask."""
        return int(np.bitwise_count(self.bits).sum())

    @property
    def end(self) -> tuple[int, int]:
        """(x, y) just behind the crop's last pixel."""
        return self.corner[0] + self.size[0], self.corner[1] + self.size[1]

    @property
    def crop(self) -> Mask:
        """(x, y) bool of ``size``."""
        return np.unpackbits(self.bits, count=self.size[0] * self.size[1]).astype(bool).reshape(self.size)

    def overlap(self, other: PackedMask) -> int:
        """Number of pixels that both masks of one picture have."""
        (x0, y0), (x1, y1) = np.maximum(self.corner, other.corner), np.minimum(self.end, other.end)
        if x1 <= x0 or y1 <= y0:
            return 0
        mine, theirs = (
            mask.crop[x0 - mask.corner[0] : x1 - mask.corner[0], y0 - mask.corner[1] : y1 - mask.corner[1]]
            for mask in (self, other)
        )
        return int(np.count_nonzero(mine & theirs))

    def paint(self, canvas: Mask, origin: tuple[int, int] = (0, 0)) -> None:
        """Add the mask to ``canvas`` (x, y), whose first pixel is the picture's pixel ``origin``; in place."""
        x, y = self.corner[0] - origin[0], self.corner[1] - origin[1]
        canvas[x : x + self.size[0], y : y + self.size[1]] |= self.crop

    def unpack(self, shape: tuple[int, int]) -> Mask:
        """The whole picture's mask, (x, y) bool of ``shape``."""
        canvas = np.zeros(shape, bool)
        self.paint(canvas)
        return canvas


def unite(masks: Iterable[PackedMask], shape: tuple[int, int]) -> PackedMask:
    """The union of masks of one picture of ``shape`` (x, y)."""
    canvas = np.zeros(shape, bool)
    for mask in masks:
        mask.paint(canvas)
    return PackedMask.of(canvas)


def stack(masks: Mapping[int, PackedMask], low: NDArray[np.int64], high: NDArray[np.int64]) -> Mask:
    """Slice -> mask as (x, y, slice) bool from voxel ``low`` to ``high``, the last ones excluded; nothing lies outside."""
    canvas = np.zeros(high - low, bool)
    for k, mask in masks.items():
        if mask.area:
            mask.paint(canvas[:, :, k - low[2]], (int(low[0]), int(low[1])))
    return canvas


def run_lengths(mask: Mask) -> list[int]:
    """(x, y) bool, flattened in C order -> lengths of its runs, background first (so the first may be 0)."""
    flat = np.concatenate([[False], mask.ravel()])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    lengths: list[int] = np.diff(np.concatenate([[0], edges, [mask.size]])).tolist()
    return lengths
