"""Lines, discs and polygons of a hand as pixels of a picture with axes (x, y)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

#: Positions of a path that are nearer to each other than this (pixels) are one.
_NEAR = 0.2


def brush(
    path: NDArray[np.float64], radius: float, spacing: tuple[float, float], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """(x, y) bool: pixels whose centre is no further than ``radius`` from the path, and those under the path itself.

    Args:
        path: (n, 2) pixel positions; may leave the picture.
        radius: in the unit of ``spacing``.
        spacing: of the pixels along (x, y).
        shape: of the picture (x, y).
    """
    mask = np.zeros(shape, bool)
    size = np.asarray(spacing)
    path = _thinned(path)
    for start, end in pairwise(path):
        _stroke(mask, start, end, radius, size)
    if len(path) == 1:
        _stroke(mask, path[0], path[0], radius, size)
    _mark(mask, path)
    return mask


def polygon(ring: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(x, y) bool: pixels whose centre a closed line goes around, however it crosses itself; at least those under its corners.

    Args:
        ring: (n, 2) pixel positions, not closed; may leave the picture.
        shape: of the picture (x, y).
    """
    start, end = ring, np.roll(ring, -1, axis=0)
    winding = np.zeros((shape[0] + 1, shape[1]), np.int32)
    rows = np.arange(shape[1])
    for down in (True, False):  # edges towards larger y count +1, the others -1
        upper, lower = (start, end) if down else (end, start)
        crossing = (upper[:, None, 1] <= rows) & (rows < lower[:, None, 1])
        edge, row = np.nonzero(crossing)
        part = (rows[row] - upper[edge, 1]) / (lower[edge, 1] - upper[edge, 1])
        column = upper[edge, 0] + part * (lower[edge, 0] - upper[edge, 0])
        first = np.clip(np.ceil(column), 0, shape[0]).astype(int)
        np.add.at(winding, (first, row), 1 if down else -1)
    mask = np.asarray(np.cumsum(winding, axis=0)[: shape[0]] != 0)
    if not mask.any():
        _mark(mask, ring)
    return mask


def _thinned(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without positions that hardly differ from the one before; the last one stays."""
    kept = [0]
    for number in range(1, len(path)):
        if np.abs(path[number] - path[kept[-1]]).max() >= _NEAR:
            kept.append(number)
    if len(path) > 1 and kept[-1] != len(path) - 1:
        kept.append(len(path) - 1)
    return path[kept]


def _stroke(
    mask: NDArray[np.bool_],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    radius: float,
    size: NDArray[np.float64],
) -> None:
    """Fill what lies within ``radius`` of the line from ``start`` to ``end``, in place."""
    reach = radius / size
    low = np.maximum(np.ceil(np.minimum(start, end) - reach), 0).astype(int)
    high = np.minimum(np.floor(np.maximum(start, end) + reach), np.array(mask.shape) - 1).astype(int)
    if (low > high).any():
        return
    x = (np.arange(low[0], high[0] + 1) - start[0])[:, None] * size[0]
    y = (np.arange(low[1], high[1] + 1) - start[1])[None, :] * size[1]
    along = (end - start) * size
    length = float(along @ along)
    part = np.clip((x * along[0] + y * along[1]) / length, 0, 1) if length else np.zeros((1, 1))
    near = (x - part * along[0]) ** 2 + (y - part * along[1]) ** 2 <= radius**2 * (1 + 1e-9)
    mask[low[0] : high[0] + 1, low[1] : high[1] + 1] |= near


def _mark(mask: NDArray[np.bool_], path: NDArray[np.float64]) -> None:
    """Set the pixels that a line of positions goes through, as far as they lie in the picture, in place."""
    places = [path[:1]]
    for start, end in pairwise(path):
        steps = max(int(np.ceil(np.abs(end - start).max() * 2)), 1)
        places.append(start + (end - start) * np.linspace(0, 1, min(steps, 2 * sum(mask.shape)) + 1)[1:, None])
    pixels = np.floor(np.concatenate(places) + 0.5)
    inside = ((pixels >= 0) & (pixels < mask.shape)).all(axis=1)
    x, y = pixels[inside].astype(int).T
    mask[x, y] = True
