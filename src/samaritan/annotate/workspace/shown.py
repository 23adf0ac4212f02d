"""The shown grid: the native grid with its axes permuted and flipped to run right, front and up, as nearly as they can.

Nothing is interpolated, so a step there and back is exact, and the affine of an oblique volume stays oblique.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.messages import Patch, PlaneName
from samaritan.core import Geometry, Plane, SliceView, UsageError, Volume, atomic_path

#: The axis of the shown grid along which the slices of a plane lie.
PLANE_AXES: dict[PlaneName, int] = {"sagittal": 0, "coronal": 1, "axial": 2}

Triple = tuple[int, int, int]

#: Bytes of a single NIfTI-1 file before its voxels.
_HEADER_BYTES = 352


@dataclass(frozen=True, eq=False)
class ShownGrid:
    """Native grid <-> shown grid of one image.

    Attributes:
        native: the image's own grid.
    """

    native: Geometry

    @cached_property
    def axes(self) -> Triple:
        """The native axis that becomes each shown axis (right, front, up)."""
        native_of = {world: axis for axis, (world, _) in enumerate(self.native.world_axes)}
        return native_of[0], native_of[1], native_of[2]

    @cached_property
    def flips(self) -> tuple[bool, bool, bool]:
        """Whether each shown axis runs against its native axis."""
        right, front, up = (self.native.world_axes[axis][1] < 0 for axis in self.axes)
        return right, front, up

    @cached_property
    def geometry(self) -> Geometry:
        """The shown grid in the same world."""
        turn = np.zeros((4, 4))
        turn[3, 3] = 1
        for shown, (axis, flip) in enumerate(zip(self.axes, self.flips, strict=True)):
            turn[axis, shown] = -1 if flip else 1
            turn[axis, 3] = self.native.shape[axis] - 1 if flip else 0
        i, j, k = (self.native.shape[axis] for axis in self.axes)
        return Geometry((i, j, k), self.native.affine @ turn, self.native.unit)

    @cached_property
    def views(self) -> dict[PlaneName, SliceView]:
        """The native grid as pictures, plane by plane."""
        return {plane: SliceView.of(self.native, plane) for plane in PLANE_AXES}

    def to_shown(self, data: NDArray[Any]) -> NDArray[Any]:
        """(i, j, k[, c]) native -> (right, front, up[, c]); a view, not a copy."""
        turned = data.transpose(*self.axes, *range(3, data.ndim))
        return turned[tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)]

    def to_native(self, data: NDArray[Any]) -> NDArray[Any]:
        """The inverse of :meth:`to_shown`."""
        straight = data[tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)]
        return straight.transpose(*np.argsort(self.axes), *range(3, data.ndim))

    def box(self, low: Triple, shape: Triple) -> tuple[Triple, Triple]:
        """A box of native voxels as (first voxel, shape) on the shown grid."""
        first = [
            self.native.shape[axis] - low[axis] - shape[axis] if flip else low[axis]
            for axis, flip in zip(self.axes, self.flips, strict=True)
        ]
        size = [shape[axis] for axis in self.axes]
        return (first[0], first[1], first[2]), (size[0], size[1], size[2])

    def index(self, plane: PlaneName, native: int) -> int:
        """Number of a slice of ``plane`` on the native grid -> its number on the shown grid; also the other way."""
        axis = PLANE_AXES[plane]
        return self.geometry.shape[axis] - 1 - native if self.flips[axis] else native

    def patch(self, labels: NDArray[np.uint8], low: Triple, shape: Triple) -> Patch:
        """What the (i, j, k) native ``labels`` hold in a box of native voxels."""
        box = tuple(slice(first, first + size) for first, size in zip(low, shape, strict=True))
        first, size = self.box(low, shape)
        return Patch(low=first, shape=size, data=_packed(self.to_shown(labels[box])))

    def slice_patch(self, plane: PlaneName, native: int, mask: NDArray[np.bool_]) -> Patch:
        """(x, y) bool mask of native slice ``native`` of ``plane``, as 0 and 1 of the whole slice."""
        view = self.views[plane]
        low, shape = [0, 0, 0], list(self.native.shape)
        low[view.axes[2]], shape[view.axes[2]] = native, 1
        voxels = np.zeros(shape, np.uint8)
        view.insert(voxels, 0, mask)
        first, size = self.box((low[0], low[1], low[2]), (shape[0], shape[1], shape[2]))
        return Patch(low=first, shape=size, data=_packed(self.to_shown(voxels)))


def plane_name(plane: Plane) -> PlaneName:
    """A plane that is not "auto".

    Raises:
        UsageError: it is.
    """
    if plane == "auto":
        raise UsageError("The plane must be named here; use axial, coronal or sagittal.")
    return plane


def _packed(voxels: NDArray[np.uint8]) -> str:
    return base64.b64encode(zlib.compress(voxels.tobytes(order="F"), 1)).decode("ascii")


def label_bytes(grid: ShownGrid, labels: NDArray[np.uint8]) -> bytes:
    """(i, j, k) native labels -> bytes on the shown grid, first axis fastest."""
    return grid.to_shown(labels).tobytes(order="F")


def write_shown(volume: Volume, grid: ShownGrid, path: Path) -> int:
    """Write the image as an uncompressed NIfTI file on the shown grid; returns a checksum of its voxels.

    Grey values are kept as uint8, int16 or uint16 where they fit, else as float32; colours become RGB24.

    Raises:
        ResourceError: the file cannot be written.
    """
    kind = _stored_type(volume.data)
    shown = grid.to_shown(volume.data)
    checksum = 0
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(_header(grid.geometry, kind, colour=volume.is_colour))
        for k in range(shown.shape[2]):  # slice by slice, so that no second volume is in memory
            plane = shown[:, :, k].astype(kind, copy=False)
            content = plane.swapaxes(0, 1).tobytes()  # first axis fastest, colours of one voxel together
            checksum = zlib.crc32(content, checksum)
            file.write(content)
    return checksum


def _stored_type(data: NDArray[Any]) -> np.dtype[Any]:
    if data.dtype in (np.uint8, np.int16, np.uint16):
        return np.dtype(data.dtype.newbyteorder("="))
    if data.dtype.kind in "iu":
        low, high = int(data.min()), int(data.max())
        for kind in (np.uint8, np.int16, np.uint16):
            if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
                return np.dtype(kind)
    return np.dtype(np.float32)


def _header(geometry: Geometry, kind: np.dtype[Any], *, colour: bool) -> bytes:
    import nibabel  # noqa: PLC0415 - takes longer to import than the rest of this room

    make: Any = nibabel.Nifti1Header
    header = make()
    header.set_data_shape(geometry.shape)
    header.set_data_dtype(np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]) if colour else kind)
    header.set_qform(geometry.affine, 1, strip_shears=True)
    header.set_sform(geometry.affine, 1)
    header.set_xyzt_units("mm")
    header.set_slope_inter(1, 0)
    header["vox_offset"] = _HEADER_BYTES
    header["magic"] = b"n+1"
    return bytes(header.binaryblock) + bytes(_HEADER_BYTES - header.sizeof_hdr)
