"""A label map brought into its image's voxel order, without interpolation, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from samaritan.core import Geometry, GeometryError, LabelMap
from samaritan.io import FORMATS
from samaritan.io._placing import place_on


def onto_grid(labels: LabelMap, grid: Geometry, path: Path, image: Path) -> LabelMap:
    """``labels`` on ``grid``: the same voxels in the world, perhaps stored in another order of axes.

    Tools disagree about the order (a NIfTI mask drawn on a DICOM series usually has its rows turned round), which changes
    no voxel's place and is undone by transposing and flipping. A DICOM SEG may hold only the slices where something is; it
    is laid onto the whole grid. Anything else would need resampling and is refused.

    Raises:
        GeometryError: the two are different grids; names both files and what differs.
    """
    difference = labels.geometry.mismatch(grid)
    if difference is None:
        return LabelMap(labels.data, grid, labels.names)
    turned = _turned(labels, grid)
    if turned is not None and turned.geometry.mismatch(grid) is None:
        return LabelMap(turned.data, grid, labels.names)
    if grid.unit == "mm" and FORMATS.get("dicom-seg").claims(path):
        try:
            return place_on(labels, grid)
        except GeometryError as error:
            raise GeometryError(f"The mask {path} does not fit its image {image}: {error}") from error
    raise GeometryError(
        f"The mask {path} does not lie on the grid of its image {image}: {difference}; resample the mask onto the image "
        "and save it again."
    )


def _turned(labels: LabelMap, grid: Geometry) -> LabelMap | None:
    """``labels`` with its axes permuted and flipped to point as those of ``grid``; None where no spacing is known."""
    if "px" in (labels.geometry.unit, grid.unit):
        return None
    axis_of = {world: (axis, sign) for axis, (world, sign) in enumerate(labels.geometry.world_axes)}
    picks = [(axis_of[world][0], axis_of[world][1] == sign) for world, sign in grid.world_axes]
    steps = tuple(slice(None, None, 1 if same else -1) for _, same in picks)
    data = labels.data.transpose([axis for axis, _ in picks])[steps]
    turn = np.zeros((4, 4))  # new voxel position -> old voxel position
    turn[3, 3] = 1.0
    for new, (old, same) in enumerate(picks):
        turn[old, new] = 1.0 if same else -1.0
        turn[old, 3] = 0.0 if same else labels.data.shape[old] - 1.0
    geometry = Geometry((data.shape[0], data.shape[1], data.shape[2]), labels.geometry.affine @ turn)
    return LabelMap(np.ascontiguousarray(data), geometry, labels.names)
