"""A mask that covers part of its image's grid, laid onto the whole of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Geometry, GeometryError, LabelMap

#: How far voxel centres of the two grids may lie apart, in voxels.
_TOLERANCE_VOX = 0.02


def place_on(labelmap: LabelMap, geometry: Geometry) -> LabelMap:
    """The same labels on ``geometry``, where its voxels and the mask's are one lattice (shifted, turned by right angles).

    Raises:
        GeometryError: the lattices differ, or labels would fall outside.
    """
    between = np.linalg.solve(geometry.affine, _with_thickness_of(geometry, labelmap.geometry))
    turn = np.rint(between[:3, :3])
    reach = np.array(labelmap.geometry.shape)
    drift = np.abs(between[:3, :3] - turn) @ reach + np.abs(between[:3, 3] - np.rint(between[:3, 3]))
    if drift.max() > _TOLERANCE_VOX or abs(round(float(np.linalg.det(turn)))) != 1:
        raise GeometryError(f"the mask's grid does not fit the image's: {labelmap.geometry.mismatch(geometry)}.")
    filled = np.argwhere(labelmap.data)
    places = filled @ turn.astype(int).T + np.rint(between[:3, 3]).astype(int)
    if ((places < 0) | (places >= geometry.shape)).any():
        raise GeometryError("labels of the mask lie outside of the image; it belongs to another one.")
    data = np.zeros(geometry.shape, labelmap.data.dtype)
    data[tuple(places.T)] = labelmap.data[tuple(filled.T)]
    return LabelMap(data, geometry, labelmap.names, labelmap.terms)


def _with_thickness_of(image: Geometry, mask: Geometry) -> NDArray[np.float64]:
    """The mask's affine; of a single slice the step to a neighbour is a guess of its writer, so the image's is taken."""
    affine = mask.affine.copy()
    if mask.shape[2] == 1:
        direction = affine[:3, 2] / np.linalg.norm(affine[:3, 2])
        steps = image.affine[:3, :3]
        along = int(np.argmax(np.abs(direction @ (steps / np.linalg.norm(steps, axis=0)))))
        affine[:3, 2] = direction * np.linalg.norm(steps[:, along])
    return affine
