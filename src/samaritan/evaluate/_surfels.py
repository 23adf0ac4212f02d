"""The surface of a mask as small pieces with an area: one surface element for every 2 x 2 x 2 voxels that it passes through.

Marching cubes (Lorensen and Cline 1987) at one half: within such a cell the surface is one polygon or several, through the
middles of the edges that join a voxel inside to one outside. Which voxels are inside makes a code of 8 bits, and the code the
polygons. Two choices are those of the surface-distance package (Nikolov et al. 2018, arXiv 1809.04430), so that areas are
equal to its: where a face of the cell has two diagonal voxels of each kind, the kind that is rarer in the cell is kept apart,
and a polygon that is not flat is cut into triangles from the corner that gives it the largest area in a cubic cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from samaritan.evaluate._base import Mask

Corner = tuple[int, ...]

#: The voxels of a cell; the n-th is bit n of the code.
_CORNERS: list[Corner] = list(product((0, 1), repeat=3))

#: The code of a cell that lies wholly inside.
_FULL = 255

#: No code has more triangles.
_MOST_TRIANGLES = 4


def surface_cells(mask: Mask, flat: tuple[bool, bool, bool]) -> NDArray[np.uint8]:
    """The code of every cell of an (i, j, k) mask, which is surrounded by background.

    Args:
        mask: not changed.
        flat: axes of length 1 along which there is no surface; the mask goes on unchanged on both sides.

    Returns:
        (i + 1, j + 1, k + 1) codes, of which 0 and 255 hold no surface; flat axes keep their length of 1.
    """
    voxels = np.pad(mask, [(0, 0) if still else (1, 1) for still in flat])
    for axis in range(3):
        voxels = np.repeat(voxels, 2, axis=axis) if flat[axis] else voxels
    codes = voxels.view(np.uint8)
    for axis, bits in (
        (2, 1),
        (1, 2),
        (0, 4),
    ):  # each axis joins the codes of two neighbours; _CORNERS has the last first
        along = codes.swapaxes(0, axis)
        codes = (along[:-1] | along[1:] << np.uint8(bits)).swapaxes(0, axis)
    return codes


def has_surface(codes: NDArray[np.uint8]) -> Mask:
    """Where the surface passes through a cell."""
    return np.asarray((codes != 0) & (codes != _FULL))


def areas(spacing: tuple[float, float, float]) -> NDArray[np.float64]:
    """(256,) area of the surface in a cell of each code, for cells of this size."""
    i, j, k = spacing
    return np.asarray(np.linalg.norm(_normals() * (j * k, i * k, i * j), axis=2).sum(axis=1))


@cache
def _normals() -> NDArray[np.float64]:
    """(256, 4, 3) normals of each code's triangles in a cubic cell, as long as their area; zero where there are fewer."""
    found = np.zeros((_FULL + 1, _MOST_TRIANGLES, 3))
    for code in range(_FULL + 1):
        rarer = code if code.bit_count() <= len(_CORNERS) / 2 else _FULL - code
        inside = {corner for bit, corner in enumerate(_CORNERS) if rarer >> bit & 1}
        triangles = [triangle for polygon in _polygons(inside) for triangle in _triangles(polygon)]
        found[code, : len(triangles)] = triangles or 0
    return found


def _polygons(inside: set[Corner]) -> Iterator[list[Corner]]:
    """The polygons around the voxels inside, each as a ring of edges' middles (times 2, so that they are whole)."""
    joined: dict[Corner, list[Corner]] = defaultdict(list)
    for one, other in _sides(inside):
        joined[one].append(other)
        joined[other].append(one)
    while joined:
        ring = [next(iter(joined))]
        while ahead := [middle for middle in joined.pop(ring[-1]) if middle in joined]:
            ring.append(ahead[0])
        yield ring


def _sides(inside: set[Corner]) -> Iterator[tuple[Corner, Corner]]:
    """The polygons' sides: on every face of the cell a line between two of its edges that the surface crosses, or two lines."""
    for axis, end in product(range(3), (0, 1)):
        face = [corner for corner in _CORNERS if corner[axis] == end]
        crossed = [pair for pair in combinations(face, 2) if _apart(*pair) == 1 and len(inside & set(pair)) == 1]
        if len(crossed) == 2:
            yield _middle(crossed[0]), _middle(crossed[1])
        elif crossed:
            for corner in (c for c in face if c in inside):
                one, other = (_middle(pair) for pair in crossed if corner in pair)
                yield one, other


def _middle(edge: tuple[Corner, Corner]) -> Corner:
    return tuple(a + b for a, b in zip(*edge, strict=True))


def _apart(one: Corner, other: Corner) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def _triangles(ring: list[Corner]) -> NDArray[np.float64]:
    """(n, 3) normals of the triangles from one corner of a polygon to its other sides."""
    fans = []
    for start in range(len(ring)):
        first, *others = np.array(ring[start:] + ring[:start]) / 2
        arms = np.array(others) - first
        fans.append(np.cross(arms[:-1], arms[1:]) / 2)
    sizes = [float(np.linalg.norm(fan, axis=1).sum()) for fan in fans]
    return fans[int(np.argmax(np.round(sizes, 9)))]
