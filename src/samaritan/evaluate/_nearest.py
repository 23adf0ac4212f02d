"""Exact distances from places on a grid to the nearest of other places on it.

Surfaces of a good prediction lie within a few voxels of each other, so the voxels around a place are looked up one after the
other, nearest first, for all places together; the first hit is the distance. What is further than that ball is few and goes
through a tree, whose size grows with the surface; or it is much, and a distance transform, whose size grows with the volume, is
quicker.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import KDTree

from samaritan.evaluate._base import Mask

Spacing = tuple[float, float, float]

#: The ball in which voxels are looked up has about so many; so many are looked up in one go.
BALL, AT_ONCE = 500, 4096

#: One search in a tree takes as long as the transform of so many voxels; larger volumes would take too much memory for one
#: (12 bytes a voxel).
SEARCH, MOST_VOXELS = 150, 2**24

#: Places in a leaf of the tree; with scipy's 10, searches that end far away take twice as long.
LEAF = 64


def nearest(start: Mask, goal: Mask, spacing: Spacing, most: float = math.inf) -> NDArray[np.float64]:
    """Distance from every place of ``start`` to the nearest one of ``goal``.

    Args:
        start: (i, j, k) places, not changed.
        goal: (i, j, k) places, at least one; not changed.
        spacing: between places along i, j, k.
        most: where there is nothing within this distance, the answer is infinite.

    Returns:
        (n_start,) in C order of ``start``, in the unit of ``spacing``.
    """
    steps, lengths, radius = _ball(spacing, (start.shape[0] > 1, start.shape[1] > 1, start.shape[2] > 1), most)
    room = [(n, n) for n in np.abs(steps).max(axis=0)]
    around = np.pad(goal, room)
    places = np.flatnonzero(np.pad(start, room))
    looked_up, flat = around.ravel(), np.array([around.shape[1] * around.shape[2], around.shape[2], 1])
    found, waiting = np.full(places.size, np.inf), np.arange(places.size)
    offsets, done = steps @ flat, 0
    while done < offsets.size and places.size:
        shell = slice(done, done + max(1, AT_ONCE // places.size))
        hits = looked_up[places[:, None] + offsets[shell]]
        hit = hits.any(axis=1)
        found[waiting[hit]] = lengths[shell][hits[hit].argmax(axis=1)]  # the first hit is the nearest
        places, waiting, done = places[~hit], waiting[~hit], shell.stop
    if radius < most and places.size:
        inside = np.stack(np.unravel_index(places, around.shape), axis=1) - [low for low, _ in room]
        found[waiting] = _far(inside, goal, spacing, most)
    return found


@lru_cache(maxsize=64)
def _ball(
    spacing: Spacing, wide: tuple[bool, bool, bool], most: float
) -> tuple[NDArray[np.intp], NDArray[np.float64], float]:
    """All steps (n, 3) up to a length of about :data:`BALL` voxels' ball, or of ``most``, in ascending order; their lengths.

    Args:
        spacing: of the grid.
        wide: axes along which there is more than one place.
        most: no step is longer.

    Returns:
        Steps, lengths, and the length up to which there is every step.
    """
    sizes = [s for s, used in zip(spacing, wide, strict=True) if used]
    ball = {0: 1.0, 1: 2.0, 2: math.pi, 3: 4 / 3 * math.pi}[len(sizes)]
    radius = min((BALL * math.prod(sizes) / ball) ** (1 / max(len(sizes), 1)), most)
    ends = [int(radius / s) if used else 0 for s, used in zip(spacing, wide, strict=True)]
    steps = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in ends), indexing="ij"), axis=-1).reshape(-1, 3)
    lengths = np.sqrt(((steps * np.asarray(spacing)) ** 2).sum(axis=1))
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] <= radius]
    return steps[order], lengths[order], radius


def _far(places: NDArray[np.intp], goal: Mask, spacing: Spacing, most: float) -> NDArray[np.float64]:
    """Distance from (n, 3) places to the nearest one of ``goal``, without looking around."""
    if len(places) * SEARCH > goal.size and goal.size <= MOST_VOXELS and most == math.inf:
        nearby = distance_transform_edt(~goal, spacing, return_distances=False, return_indices=True)
        apart = nearby[:, places[:, 0], places[:, 1], places[:, 2]].T - places
        return np.asarray(np.sqrt(((apart * np.asarray(spacing)) ** 2).sum(axis=1)))
    tree = KDTree(np.argwhere(goal) * spacing, leafsize=LEAF)
    return np.asarray(tree.query(places * np.asarray(spacing), distance_upper_bound=np.nextafter(most, math.inf))[0])
