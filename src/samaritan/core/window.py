"""A rectangle of a picture, cut out to be looked at by itself; nothing is interpolated, so pasting back is exact."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samaritan.core.errors import PromptError
from samaritan.core.prompt import Box, MaskHint, Points, PromptSet


@dataclass(frozen=True, order=True)
class Window:
    """Whole pixels of a picture, axes (x, y).

    Attributes:
        low: first pixel (x, y).
        size: number of pixels (x, y), at least one.
    """

    low: tuple[int, int]
    size: tuple[int, int]

    @classmethod
    def whole(cls, shape: tuple[int, int]) -> Window:
        """All of a picture of ``shape`` (x, y)."""
        return cls((0, 0), shape)

    @classmethod
    def around(cls, centre: NDArray[np.float64], side: float, shape: tuple[int, int]) -> Window:
        """A square about ``centre`` (x, y), moved so that it lies inside a picture of ``shape``.

        A picture that is smaller along an axis is taken whole along it.
        """
        size = np.minimum(np.ceil(side).astype(int), shape)
        low = np.floor(np.asarray(centre)[:2] - (size - 1) / 2 + 0.5).astype(int)
        low = np.clip(low, 0, np.asarray(shape) - size)
        return cls((int(low[0]), int(low[1])), (int(size[0]), int(size[1])))

    @property
    def high(self) -> tuple[int, int]:
        """The pixel behind the last one."""
        return self.low[0] + self.size[0], self.low[1] + self.size[1]

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the window in an array that has the picture's axes: ``picture[window.slices]``."""
        return slice(self.low[0], self.high[0]), slice(self.low[1], self.high[1])

    def paste(self, part: NDArray[np.float32], shape: tuple[int, int], outside: float) -> NDArray[np.float32]:
        """(..., x, y) of the window -> (..., x, y) of a picture of ``shape``, with ``outside`` around it."""
        full = np.full((*part.shape[:-2], *shape), outside, part.dtype)
        full[..., *self.slices] = part
        return full

    def lower(self, prompt: PromptSet) -> PromptSet | None:
        """A prompt at (x, y, 0) of the picture -> what of it lies in the window, at (x, y, 0) of the window.

        A box is clipped, points outside are left out, a mask hint is cut. None where neither a box nor a positive point is
        left of a prompt that had one, so that there is nothing to ask here.

        Raises:
            PromptError: a mask hint on the network's grid, which knows no parts of a picture.
        """
        box, points = self._box(prompt.box), self._points(prompt.points)
        asked = prompt.box is not None or (prompt.points is not None and prompt.points.labels.any())
        if asked and box is None and (points is None or not points.labels.any()):
            return None
        return replace(prompt, box=box, points=points, mask=self._hint(prompt.mask))

    def _box(self, box: Box | None) -> Box | None:
        if box is None:
            return None
        low = np.maximum(box.lo[:2] - self.low, -0.5)
        high = np.minimum(box.hi[:2] - self.low, np.asarray(self.size) - 0.5)
        return Box(low, high) if (low <= high).all() else None

    def _points(self, points: Points | None) -> Points | None:
        if points is None:
            return None
        places = points.ijk[:, :2] - self.low
        inside = ((places >= -0.5) & (places <= np.asarray(self.size) - 0.5)).all(axis=1)
        return Points(places[inside], points.labels[inside]) if inside.any() else None

    def _hint(self, mask: MaskHint | None) -> MaskHint | None:
        if mask is None:
            return None
        if mask.frame == "model":
            raise PromptError("A mask hint on the grid of the model belongs to a whole picture, not to a part of it.")
        return MaskHint(mask.logits[self.slices])
