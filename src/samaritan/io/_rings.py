"""Masks as closed curves, and closed curves as masks, at pixel positions of one slice."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

#: (n, 2) corners (x, y); the last is joined to the first.
Ring = NDArray[np.float64]


def rings_of(mask: NDArray[np.bool_]) -> list[Ring]:
    """One closed curve around each piece of the (x, y) ``mask``, pixel centres at whole numbers.

    The curves run halfway between pixels inside and outside (marching squares), so that exactly the pixels of the mask have
    their centres inside. A hole is reached through a channel of no width (the keyhole of PS3.3, C.8.8.6.3), which runs
    between two rows of pixels and never over a centre.
    """
    from contourpy import FillType, contour_generator

    if not mask.any():
        return []
    padded = np.pad(mask, 1).T.astype(np.float64)  # contourpy's x runs along the second axis
    filled = contour_generator(z=padded, fill_type=FillType.OuterOffset).filled(0.5, 2.0)
    pieces = []
    for points, offsets in zip(*filled, strict=True):
        curves = [_corners(points[a:b] - 1.0) for a, b in pairwise(offsets)]
        pieces.append(_with_holes(curves[0], curves[1:]))
    return pieces


def fill(rings: Iterable[Ring], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(x, y) mask of the pixels whose centres lie inside an odd number of ``rings``; raises nothing on self-crossing ones."""
    width, height = shape
    toggles = np.zeros((width + 1, height), np.uint8)
    for ring in rings:
        (x0, y0), (x1, y1) = ring.T, np.roll(ring, -1, axis=0).T
        first = np.clip(np.ceil(np.minimum(y0, y1)), 0, height).astype(int)
        counts = np.clip(np.ceil(np.maximum(y0, y1)), 0, height).astype(int) - first  # rows that each edge crosses
        edge = np.repeat(np.arange(len(ring)), counts)
        rows = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
        crossed = x0[edge] + (rows - y0[edge]) * ((x1 - x0)[edge] / (y1 - y0)[edge])
        np.add.at(toggles, (np.clip(np.ceil(crossed), 0, width).astype(int), rows), 1)
    return np.asarray(np.cumsum(toggles, axis=0, dtype=np.uint8)[:-1] % 2, bool)


def _corners(closed: Ring) -> Ring:
    """The curve without its repeated end and without points on straight stretches."""
    ring = closed[:-1]
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    return np.asarray(ring[before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]])


def _with_holes(outer: Ring, holes: list[Ring]) -> Ring:
    """One curve that goes round the piece and, through channels to the left, round each of its holes.

    Holes are taken in the order of their first corner (smallest y, then x): what lies to its left at that height is the outer
    curve or a hole that was taken before.
    """
    starts = [int(np.lexsort((hole[:, 0], hole[:, 1]))[0]) for hole in holes]
    turned = [np.roll(hole, -start, axis=0) for hole, start in zip(holes, starts, strict=True)]
    for hole in sorted(turned, key=lambda h: (h[0, 1], h[0, 0])):
        outer = _joined(outer, hole)
    return outer


def _joined(ring: Ring, hole: Ring) -> Ring:
    x, y = hole[0]
    start, end = ring, np.roll(ring, -1, axis=0)
    rise = end[:, 1] - start[:, 1]
    crosses = (np.minimum(start[:, 1], end[:, 1]) <= y) & (y <= np.maximum(start[:, 1], end[:, 1])) & (rise != 0)
    slope = (end[:, 0] - start[:, 0]) / np.where(rise == 0, 1.0, rise)
    places = np.where(crosses, start[:, 0] + (y - start[:, 1]) * slope, -np.inf)
    places[places >= x] = -np.inf
    edge = int(np.argmax(places))
    gate = np.array([[places[edge], y]])
    return np.concatenate([ring[: edge + 1], gate, hole, hole[:1], gate, ring[edge + 1 :]])
