"""Percentiles of the voxels of a volume without a second volume in memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Whole numbers of so many bytes are counted, value by value.
_COUNTED_BYTES = 2


def nonzero_percentiles(data: NDArray[Any], shares: tuple[float, float]) -> tuple[float, float]:
    """Two percentiles of what is not 0 in (i, j, k[, c]) ``data``, interpolated as by :func:`numpy.percentile`; 0 if all is.

    Args:
        data: not changed.
        shares: in percent.
    """
    if data.dtype.kind in "iu" and data.itemsize <= _COUNTED_BYTES:
        return _counted(data, shares)
    values = data[data != 0]
    if not values.size:
        return 0.0, 0.0
    low, high = np.percentile(values, shares, overwrite_input=True)
    return float(low), float(high)


def _counted(data: NDArray[Any], shares: tuple[float, float]) -> tuple[float, float]:
    least = int(np.iinfo(data.dtype).min)
    counts = np.zeros(int(np.iinfo(data.dtype).max) - least + 1, np.int64)
    for k in range(data.shape[2]):
        counts += np.bincount(data[:, :, k].ravel().astype(np.intp) - least, minlength=counts.size)
    counts[-least] = 0
    below = np.cumsum(counts)
    if not below[-1]:
        return 0.0, 0.0
    low, high = (_interpolated(below, share, least) for share in shares)
    return low, high


def _interpolated(below: NDArray[np.int64], share: float, least: int) -> float:
    """The value at place share/100 (n - 1) of the sorted voxels, of which ``below`` tells how many are at most as large."""
    place = share / 100 * float(below[-1] - 1)
    first = math.floor(place)
    ranks = [first + 1, min(first + 2, int(below[-1]))]
    low, high = (float(value) + least for value in np.searchsorted(below, ranks))
    part = place - first
    return high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part  # to the bit as numpy has it
