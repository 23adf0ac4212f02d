"""Places in a mask: its box, its components, its centre. Masks are (x, y) bool, positions (x, y) in voxel centres.

Where it says so, a mask may be (x, y, slice) as well, and positions are (x, y, slice) then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from samaritan.core import Box, Points
from samaritan.prompts._base import Mask

Corners = NDArray[np.float64]
"""(2, 2): smaller corner (x, y) and larger corner (x, y), both centres of pixels that belong to the box."""

Click = Literal["centre", "random", "centroid"]


def tight(mask: Mask) -> Corners:
    """(2, n) corners of the smallest box around all of a mask of n axes that is not empty."""
    axes = range(mask.ndim)
    spans = [np.flatnonzero(mask.any(axis=tuple(other for other in axes if other != axis)))[[0, -1]] for axis in axes]
    return np.array(spans, float).T


def sides(corners: Corners) -> NDArray[np.float64]:
    """(2,) lengths of the box along (x, y) in pixels, corner pixels counted whole."""
    return np.asarray(corners[1] - corners[0] + 1)


def as_box(corners: Corners) -> Box:
    """The prompt of these corners."""
    return Box(corners[0], corners[1])


def whole_picture(shape: tuple[int, ...]) -> Corners:
    """(2, 2) corners of a picture of ``shape`` (x, y)."""
    return np.array([[0, 0], [shape[0] - 1, shape[1] - 1]], float)


def components(mask: Mask, limit: int | None = None) -> Iterator[tuple[NDArray[np.float64], Mask]]:
    """Each 8-connected component, the largest first (ties in storage order), as (corner (x, y), cropped mask).

    Cropped, because a picture of a thousand nuclei would otherwise become a thousand pictures.
    """
    labels, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    places = ndimage.find_objects(labels)
    areas = np.bincount(labels.ravel())[1:]
    for index in np.argsort(-areas, kind="stable")[:limit]:
        place = places[index]
        yield np.array([span.start for span in place], float), np.asarray(labels[place] == index + 1)


def centre(mask: Mask, rng: np.random.Generator) -> NDArray[np.float64]:
    """(2,) the pixel deepest inside the mask: argmax of its Euclidean distance transform, ties at random.

    Outside the picture counts as background (one pixel of padding), as in Mazurowski et al. (arXiv 2304.10517).
    """
    corner, last = tight(mask).astype(int)
    cropped = mask[corner[0] : last[0] + 1, corner[1] : last[1] + 1]
    # Everything around the box is background, so padding the crop gives the distances of the whole picture.
    return np.asarray(corner + one_of(depths(cropped), rng), float)


def depths(mask: Mask, spacing: tuple[float, ...] | None = None) -> NDArray[np.float64]:
    """Distance of each voxel of a mask of any axes to the nearest one outside; beyond the array is outside.

    Args:
        mask: any.
        spacing: distance of voxel centres along each axis; 1 where None.
    """
    found = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=spacing)
    return np.asarray(found[(slice(1, -1),) * mask.ndim])


def one_of(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """(axes,) where the largest value is; one place at random where there are several."""
    largest = np.argwhere(values == values.max())
    return np.asarray(largest[rng.integers(len(largest))])


def scattered(mask: Mask, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n, axes) different voxels drawn uniformly from a mask of any axes; n is ``count``, or all there are."""
    inside = np.flatnonzero(mask)
    drawn = rng.choice(inside, size=min(count, inside.size), replace=False)
    return np.asarray(np.column_stack(np.unravel_index(drawn, mask.shape)), np.float64)


def random(mask: Mask, rng: np.random.Generator) -> NDArray[np.float64]:
    """(axes,) a voxel drawn uniformly from a mask of any axes."""
    return np.asarray(scattered(mask, 1, rng)[0])


def centroid(mask: Mask, rng: np.random.Generator) -> NDArray[np.float64]:
    """(axes,) the voxel of the centre of mass if it belongs to the mask, else one at random (Huang, arXiv 2304.14660)."""
    nearest = np.floor(np.argwhere(mask).mean(axis=0) + 0.5).astype(int)
    return nearest.astype(float) if mask[tuple(nearest)] else random(mask, rng)


CLICKS: dict[Click, Callable[[Mask, np.random.Generator], NDArray[np.float64]]] = {
    "centre": centre,
    "random": random,
    "centroid": centroid,
}


def surroundings(mask: Mask) -> Mask:
    """(x, y) bool: the tight box, twice as long on each side about the same centre, without the mask.

    Clipped to the picture; where nothing is left (the mask fills it) the answer is empty.
    """
    corners = tight(mask)
    reach = np.ceil(sides(corners) / 2)
    low = np.maximum(corners[0] - reach, 0).astype(int)
    high = (corners[1] + reach + 1).astype(int)
    around = np.zeros_like(mask, dtype=bool)
    around[low[0] : high[0], low[1] : high[1]] = True
    return around & ~mask


def positives(places: NDArray[np.float64]) -> Points:
    """(n, 2) places -> clicks that say "belongs to the target"."""
    return Points(places, np.ones(len(places), int))
