"""A part of a picture that is shown to the model with more pixels along an axis than it has."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Box, MaskHint, Points, PromptSet, Window

Array = NDArray[np.float32]


@dataclass(frozen=True, order=True)
class Stretched(Window):
    """A window whose answers have another size than its own.

    Attributes:
        shown: number of pixels (x, y) that the model sees; its answers have as many.
    """

    shown: tuple[int, int]

    def show(self, picture: Array) -> Array:
        """(x, y, 3) of the window -> (x, y, 3) of the size ``shown``."""
        return resampled(resampled(picture, 0, self.shown[0]), 1, self.shown[1])

    def paste(self, part: Array, shape: tuple[int, int], outside: float) -> Array:
        """(..., x, y) of the size ``shown`` -> (..., x, y) of a picture of ``shape``, with ``outside`` around it."""
        return super().paste(resampled(resampled(part, -2, self.size[0]), -1, self.size[1]), shape, outside)

    def lower(self, prompt: PromptSet) -> PromptSet | None:
        """As :meth:`Window.lower`, on the pixels that are shown."""
        lowered = super().lower(prompt)
        return None if lowered is None else self._stretched(lowered)

    def _stretched(self, prompt: PromptSet) -> PromptSet:
        factor = np.array(self.shown) / self.size
        box, points, mask = prompt.box, prompt.points, prompt.mask
        if box is not None:  # its outermost pixels are covered wholly, from edge to edge
            box = Box(self._inside(box.lo[:2] * factor), self._inside((box.hi[:2] + 1) * factor - 1))
        if points is not None:
            points = Points(self._inside((points.ijk[:, :2] + 0.5) * factor - 0.5), points.labels)
        if mask is not None:
            mask = MaskHint(self.show(mask.logits))
        return replace(prompt, box=box, points=points, mask=mask)

    def _inside(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.clip(places, -0.5, np.array(self.shown) - 0.5)


def resampled(array: Array, axis: int, size: int) -> Array:
    """Linear interpolation along one axis to ``size`` pixels that cover the same length; the same array where they do."""
    count = array.shape[axis]
    if count == size:
        return array
    places = np.clip((np.arange(size) + 0.5) * count / size - 0.5, 0, count - 1)
    low = places.astype(int)
    high = np.minimum(low + 1, count - 1)
    weight = np.expand_dims(places - low, tuple(range(1, array.ndim - axis % array.ndim))).astype(array.dtype)
    below = np.take(array, low, axis)
    return np.asarray(below + weight * (np.take(array, high, axis) - below), array.dtype)
