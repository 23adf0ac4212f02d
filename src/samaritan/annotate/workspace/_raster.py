"""Lines, discs and polygons of a hand as pixels of a picture with axes (x, y)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

#: Positions of a path that are nearer to each other than this (pixels) are one.
_NEAR = 0.2

#: So much of the radius may be lost to rounding: pixels that are exactly that far belong to the stroke.
_SLACK = 1e-9

#: Rows of so many pieces of a path, in all, are looked at together.
_AT_ONCE = 2**18


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
    path = _thinned(path)
    mask = _within(path, radius, np.asarray(spacing, float), shape)
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


def _within(
    path: NDArray[np.float64], radius: float, size: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """(x, y) bool: what lies within ``radius`` of the path.

    What lies within ``radius`` of a straight piece is convex, so that it meets each row in one run of pixels; ends of runs are
    counted up and down and summed once. The work grows with rows, not with areas, however large the brush is.
    """
    low = np.clip(np.ceil(path.min(axis=0) - radius / size), 0, shape).astype(int)
    high = np.clip(np.floor(path.max(axis=0) + radius / size) + 1, low, shape).astype(int)
    mask = np.zeros(shape, bool)
    wide, rows = high - low
    if not wide or not rows:
        return mask
    at, heights = (path - low) * size, np.arange(rows) * size[1]
    ends = np.zeros((wide + 1, rows), np.int32)
    pieces = np.stack([at[:-1], at[1:]], axis=1) if len(at) > 1 else np.stack([at, at], axis=1)
    for some in np.array_split(pieces, -(-len(pieces) * int(rows) // _AT_ONCE)):
        left, right = _runs(some[:, :1, :], some[:, 1:, :], radius * (1 + _SLACK), heights)
        first = np.clip(np.ceil(left / size[0]), 0, wide)
        after = np.clip(np.floor(right / size[0]) + 1, 0, wide)
        piece, row = np.nonzero(first < after)
        np.add.at(ends, (first[piece, row].astype(int), row), 1)
        np.add.at(ends, (after[piece, row].astype(int), row), -1)
    np.cumsum(ends, axis=0, out=ends)
    mask[low[0] : high[0], low[1] : high[1]] = ends[:-1] > 0
    return mask


def _runs(
    start: NDArray[np.float64], end: NDArray[np.float64], radius: float, heights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(piece, row): where rows at ``heights`` enter and leave what is within ``radius`` of pieces; left > right where never.

    Args:
        start: (piece, 1, 2) positions.
        end: likewise.
        radius: in the same unit.
        heights: (row,).
    """
    lefts, rights = zip(*(_disc(one, radius, heights) for one in (start, end)), strict=True)
    along = end - start
    length = np.linalg.norm(along, axis=-1)
    # between the two discs: a rectangle, whose row lies between both its ends and no further than the radius from its middle
    apart = heights - start[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = [(far - apart * along[..., 1]) / along[..., 0] for far in (0.0, length**2)]
        sides = [(far + apart * along[..., 0]) / along[..., 1] for far in (-radius * length, radius * length)]
    low, high = np.full(ends[0].shape, -np.inf), np.full(ends[0].shape, np.inf)
    level, steep = along[..., 0] != 0, along[..., 1] != 0
    for bounds, known, met in (
        (ends, level, (apart * along[..., 1] >= 0) & (apart * along[..., 1] <= length**2)),
        (sides, steep, np.abs(apart * along[..., 0]) <= radius * length),
    ):
        low = np.where(known, np.maximum(low, np.minimum(*bounds)), np.where(met, low, np.inf))
        high = np.where(known, np.minimum(high, np.maximum(*bounds)), np.where(met, high, -np.inf))
    met = (low <= high) & (length > 0)
    lefts += (np.where(met, low + start[..., 0], np.inf),)
    rights += (np.where(met, high + start[..., 0], -np.inf),)
    return np.minimum.reduce(lefts), np.maximum.reduce(rights)


def _disc(
    middle: NDArray[np.float64], radius: float, heights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(piece, row): where rows enter and leave discs."""
    square = radius**2 - (heights - middle[..., 1]) ** 2
    half = np.where(square >= 0, np.sqrt(np.maximum(square, 0)), -np.inf)
    return middle[..., 0] - half, middle[..., 0] + half


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
