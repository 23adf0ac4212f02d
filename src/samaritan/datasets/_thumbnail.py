"""What an image looks like, in a few thousand numbers that survive saving it again: to find an image under two names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from samaritan.core import Volume

#: Cells along an axis, of a picture and of a volume.
PICTURE_CELLS, VOLUME_CELLS = 64, 32

#: Standard deviation, in cells, of what is subtracted: shading, and the frame that all images of one device share, tell little.
_BLUR = 3.0

#: Structure below this share of the brightness is rounding.
_FLAT = 1e-5


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """The look of an image.

    Attributes:
        sha256: of shape, type and voxels.
        detail: (cell, ) float32, mean 0, norm 1: the dot product of two is the correlation of the two images' detail, whatever
            their size, brightness and contrast; None for a constant image, which looks like any other.
    """

    sha256: str
    detail: NDArray[np.float32] | None

    @classmethod
    def of(cls, volume: Volume) -> Thumbnail:
        """The thumbnail of an image; it is looked at slice by slice, so that large volumes cost little memory."""
        digest = hashlib.sha256(f"{volume.data.shape} {volume.data.dtype.str}".encode())
        x, y, z = volume.geometry.shape
        cells = PICTURE_CELLS if z == 1 else VOLUME_CELLS
        over_x, over_y = _averaging(cells, x), _averaging(cells, y)
        slices = []
        for k in range(z):
            picture = np.ascontiguousarray(volume.data[:, :, k])
            digest.update(picture.tobytes())
            grey = picture.mean(axis=2) if picture.ndim == 3 else picture.astype(np.float64)
            slices.append(over_x @ grey @ over_y.T)
        small = np.stack(slices)
        return cls(digest.hexdigest(), _detail(small if z == 1 else np.tensordot(_averaging(cells, z), small, 1)))


def _averaging(cells: int, size: int) -> NDArray[np.float64]:
    """(cell, size) matrix that takes the mean over ``cells`` equal stretches of an axis of ``size`` voxels."""
    edges = np.linspace(0, size, cells + 1)[:, None]
    voxels = np.arange(size)
    shared: NDArray[np.float64] = np.minimum(edges[1:], voxels + 1) - np.maximum(edges[:-1], voxels)
    return np.maximum(shared, 0) * (cells / size)


def _detail(small: NDArray[np.float64]) -> NDArray[np.float32] | None:
    fine = small - ndimage.gaussian_filter(small, _BLUR, mode="nearest")
    fine -= fine.mean()
    norm = float(np.linalg.norm(fine))
    if norm <= _FLAT * float(np.linalg.norm(small)):
        return None
    return (fine / norm).astype(np.float32).ravel()
