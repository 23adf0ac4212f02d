"""How many voxels of each object lie on each slice, kept up with every edit instead of being counted anew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Tally:
    """Counts of the objects of one (i, j, k) label array.

    Args:
        shape: of the array.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._counts: dict[int, list[NDArray[np.int64]]] = {}

    def add(self, values: NDArray[np.uint8], low: tuple[int, ...], sign: int = 1) -> None:
        """Count a box of labels whose first voxel is ``low``; with ``sign`` -1 take it back."""
        ni, nj, nk = values.shape
        rows, columns = np.arange(ni)[:, None], np.arange(nj)[None, :]
        for k in range(nk):  # slice by slice, which stays in the processor's cache, and all objects at once
            here = values[:, :, k].astype(np.intp)
            most = int(here.max())
            if not most:
                continue
            by_row = np.bincount((here * ni + rows).ravel(order="K"), minlength=(most + 1) * ni).reshape(most + 1, ni)
            by_column = np.bincount((here * nj + columns).ravel(order="K"), minlength=(most + 1) * nj).reshape(
                most + 1, nj
            )
            for number in np.flatnonzero(by_row[1:].any(axis=1)) + 1:
                counts = self._counts_of(int(number))
                counts[0][low[0] : low[0] + ni] += sign * by_row[number]
                counts[1][low[1] : low[1] + nj] += sign * by_column[number]
                counts[2][low[2] + k] += sign * int(by_row[number].sum())

    def voxels(self, number: int) -> int:
        """How many voxels an object has."""
        return int(self._counts[number][0].sum()) if number in self._counts else 0

    def span(self, number: int, axis: int) -> tuple[int, int] | None:
        """First and last slice along a native axis that show the object; None where it has no voxel."""
        if number not in self._counts:
            return None
        hits = np.flatnonzero(self._counts[number][axis])
        return (int(hits[0]), int(hits[-1])) if hits.size else None

    def _counts_of(self, number: int) -> list[NDArray[np.int64]]:
        return self._counts.setdefault(number, [np.zeros(size, np.int64) for size in self._shape])
