"""The mask files that people take away: label values of the project on the image's own grid, and objects where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samaritan import io
from samaritan.annotate.workspace._image import Image
from samaritan.core import Geometry, LabelMap


def by_label(
    labels: NDArray[np.uint8], objects: Mapping[int, str], values: Mapping[str, int], geometry: Geometry
) -> LabelMap:
    """(i, j, k) object numbers -> label map with the values of the project's labels, named."""
    table = np.zeros(256, np.min_scalar_type(max([0, *(values[label] for label in objects.values())])))
    for number, label in objects.items():
        table[number] = values[label]
    names = {values[label]: label for label in sorted(set(objects.values()))}
    return LabelMap(table[labels], geometry, names)


def by_object(labels: NDArray[np.uint8], objects: Mapping[int, str], geometry: Geometry) -> LabelMap:
    """(i, j, k) object numbers -> the same as a label map, each object named after its label."""
    return LabelMap(labels, geometry, {number: f"{label} {number}" for number, label in sorted(objects.items())})


def needs_objects(objects: Mapping[int, str]) -> bool:
    """Whether a mask by label cannot tell the objects apart."""
    return any(count > 1 for count in Counter(objects.values()).values())


def mask_suffix(image: Image, path: Path) -> str:
    """The ending of an image's mask file: that of its own format; NIfTI for DICOM, whose SEG is an export."""
    return ".nii.gz" if image.is_dicom else io.default_output_suffix(path)


def write_mask(labelmap: LabelMap, path: Path, image: Image) -> None:
    """Write a mask on the grid of its image, in place of an earlier one.

    Raises:
        ResourceError: it cannot be written; the earlier one is as it was.
    """
    io.write_labels(labelmap, path, like=image.like, overwrite=True)
