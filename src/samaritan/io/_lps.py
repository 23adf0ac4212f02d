"""ITK's and DICOM's world (LPS+) and ours (RAS+) meet here and nowhere else."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])


def affine_from_lps(columns: ArrayLike, origin: ArrayLike) -> NDArray[np.float64]:
    """Step vectors of (i, j, k) as the columns of a (3, 3) matrix and the first voxel, both LPS mm -> (4, 4) RAS+."""
    affine = np.eye(4)
    affine[:3, :3] = columns
    affine[:3, 3] = origin
    return _FLIP @ affine


def lps_from_affine(affine: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(4, 4) RAS+ affine -> step vectors as columns (3, 3), origin (3,), both LPS mm."""
    flipped = _FLIP @ affine
    # "+ 0.0" turns -0.0 into 0.0, which some readers of text headers print oddly
    return flipped[:3, :3] + 0.0, flipped[:3, 3] + 0.0
