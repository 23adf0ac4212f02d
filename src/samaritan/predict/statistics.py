"""What a radiologist asks of a mask: how large, where, and how bright, in millimetres and in the image's own values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from samaritan.core import Geometry, Volume
from samaritan.core.intensity import canonical_modality
from samaritan.predict.segmentation import Segmentation

#: Percentiles of the intensity that are told.
PERCENTILES = (5, 25, 50, 75, 95)

Place = tuple[slice, ...]


def statistics(segmentation: Segmentation, volume: Volume, modality: str | None = None) -> dict[str, dict[str, Any]]:
    """Target -> its measures, ready for JSON.

    ``extent_mm`` (``extent_px`` where the file knows no millimetres) is the size of the box around the mask along the voxel
    axes (i, j, k), outer faces of the voxels; ``centroid_mm`` the mean of the voxel centres, RAS+. ``intensity`` tells mean,
    standard deviation (of all voxels, not of a sample), smallest, largest and percentiles of the values in the file, HU for
    CT; None for colours. An empty mask has none of them.

    Args:
        segmentation: the masks; one voxel belongs to one target, unless they are kept separate.
        volume: the image.
        modality: what the caller knows about the image; ``volume.modality`` otherwise.
    """
    unit = volume.geometry.unit
    nothing = {f"extent_{unit}": None, f"centroid_{unit}": None, "intensity": None}
    is_ct = (canonical_modality(modality) or volume.modality) == "CT"
    found = {}
    for name, place, mask in _cropped(segmentation):
        values = None if volume.is_colour else np.asarray(volume.data[place][mask], np.float64)
        found[name] = _where(place, mask, volume.geometry) | {"intensity": _brightness(values, is_ct=is_ct)}
    return {name: found.get(name, nothing) for name in segmentation.targets}


def _cropped(segmentation: Segmentation) -> Iterator[tuple[str, Place, NDArray[np.bool_]]]:
    """Each target that has voxels, as the box around them and the (i, j, k) mask in that box."""
    if segmentation.overlap == "separate":
        for name in segmentation.targets:
            mask = segmentation.mask(name)
            for place in ndimage.find_objects(mask.view(np.uint8)):
                yield name, place, mask[place]
        return
    data = segmentation.labelmap.data
    for label, place in enumerate(ndimage.find_objects(data), start=1):
        if place is not None:
            yield segmentation.targets[label - 1], place, data[place] == label


def _where(place: Place, mask: NDArray[np.bool_], geometry: Geometry) -> dict[str, Any]:
    corner = np.array([span.start for span in place], float)
    # along one axis at a time, so that no list of all voxels is made
    sums = [mask.sum(axis=tuple(other for other in range(3) if other != axis)) for axis in range(3)]
    centre = corner + [float(np.average(np.arange(len(counts)), weights=counts)) for counts in sums]
    extent = np.array(mask.shape) * geometry.spacing
    place_of = geometry.to_world(centre)[0] if geometry.unit == "mm" else centre
    return {
        f"extent_{geometry.unit}": [round(float(side), 4) for side in extent],
        f"centroid_{geometry.unit}": [round(float(value), 4) for value in place_of],
    }


def _brightness(values: NDArray[np.float64] | None, *, is_ct: bool) -> dict[str, Any] | None:
    if values is None:
        return None
    told = {"mean": values.mean(), "sd": values.std(), "min": values.min(), "max": values.max()}
    told |= {f"p{q}": value for q, value in zip(PERCENTILES, np.percentile(values, PERCENTILES), strict=True)}
    return {"unit": "HU" if is_ct else None} | {name: round(float(value), 4) for name, value in told.items()}
