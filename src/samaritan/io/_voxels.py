"""The last step of every reader: voxels that may be trusted, with what had to be done to them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Geometry, InputError, LabelMap, Term, Volume

#: Spacings outside of this range (mm) are read, with a warning: the header probably has the wrong unit.
PLAUSIBLE_SPACING_MM = (0.01, 30.0)

#: Labels stored as floats may lie this far from an integer (a header with a rounded slope); further away is refused.
LABEL_TOLERANCE = 1e-3

#: Larger values are no measurements: they are treated like Inf, since networks compute in single precision.
_LARGEST = float(np.finfo(np.float32).max)

_log = logging.getLogger("samaritan.io")


def make_volume(
    data: NDArray[Any], geometry: Geometry, path: Path, format_: str, *, modality: str | None = None,
    warnings: Iterable[str] = (), files: Iterable[Path] | None = None, **meta: Any,
) -> Volume:  # fmt: skip
    """A Volume with finite voxels; what was odd goes into ``meta["warnings"]``.

    NaN and -Inf become the smallest finite value of the image, +Inf the largest; beyond single precision counts as Inf.

    Raises:
        InputError: not one voxel is finite, or the voxels are not real numbers.
    """
    notes = [*warnings, *spacing_warnings(geometry)]
    data = _finite(data, path, notes)
    for note in notes:  # the caller finds them in meta and shows them to whom it may concern
        _log.info("%s: %s", path.name, note)
    about = {"format": format_, "source": path.name, "files": [str(f) for f in files or (path,)], "warnings": notes}
    return Volume(data, geometry, modality, about | {k: v for k, v in meta.items() if v is not None})


def make_labels(
    data: NDArray[Any], geometry: Geometry, path: Path, names: dict[int, str] | None = None,
    terms: dict[int, Term] | None = None,
) -> LabelMap:  # fmt: skip
    """A LabelMap from whatever numbers a file holds; values are never renumbered.

    Booleans become 0 and 1; floats within :data:`LABEL_TOLERANCE` of an integer are rounded, with a warning in the log.

    Raises:
        InputError: fractions, negative values, NaN, or colours.
    """
    if data.ndim == 4:
        data = _grey(data, path)
    if data.dtype.kind == "f":
        data = _rounded(data, path)
    if data.dtype.kind not in "bui":
        raise InputError(f"{path} holds {data.dtype} values; labels are whole numbers from 0 on.")
    if data.dtype.kind == "i":
        if data.size and data.min() < 0:
            raise InputError(f"{path} holds the negative label {data.min()}; labels are whole numbers from 0 on.")
        data = data.astype(smallest_unsigned(data))
    labels = data.astype(np.uint8) if data.dtype.kind == "b" else _native(data)
    return LabelMap(labels, geometry, names or {}, terms or {})


def smallest_unsigned(data: NDArray[Any]) -> np.dtype[Any]:
    """The smallest unsigned type that holds the largest value of ``data``."""
    return np.min_scalar_type(int(data.max(initial=0)))


def spacing_warnings(geometry: Geometry) -> list[str]:
    """A sentence when the voxels are implausibly small or large."""
    low, high = PLAUSIBLE_SPACING_MM
    if geometry.unit == "px" or all(low <= s <= high for s in geometry.spacing):
        return []
    sizes = " x ".join(f"{s:.4g}" for s in geometry.spacing)
    return [f"the spacing of {sizes} mm is implausible (usual are {low:g} to {high:g} mm); check the header's unit"]


def _finite(data: NDArray[Any], path: Path, notes: list[str]) -> NDArray[Any]:
    if data.dtype.kind == "b":
        return np.asarray(data, np.uint8)
    if data.dtype.kind not in "uif" or data.dtype.itemsize > 8:
        raise InputError(f"{path} holds {data.dtype} voxels; samaritan reads integers, floats up to 64 bits, and RGB.")
    data = _native(data)
    if data.dtype.kind != "f":
        return data
    finite = np.isfinite(data) if data.itemsize <= 4 else np.abs(data) <= _LARGEST
    bad = int(data.size - np.count_nonzero(finite))
    if not bad:
        return data
    if bad == data.size:
        raise InputError(
            f"{path} holds no finite voxel, only NaN, Inf or values beyond {_LARGEST:.2g}; export it again."
        )
    low, high = data[finite].min(), data[finite].max()
    notes.append(
        f"{bad} of {data.size} voxels were NaN, Inf or beyond {_LARGEST:.2g} and became {low:g} (NaN, -Inf) or {high:g} (+Inf)"
    )
    return np.asarray(np.clip(np.nan_to_num(data, nan=low), low, high))


def _native(data: NDArray[Any]) -> NDArray[Any]:
    native: NDArray[Any] = data.astype(data.dtype.newbyteorder("="), copy=False)
    return native


def _grey(data: NDArray[Any], path: Path) -> NDArray[Any]:
    if (data[..., :1] != data).any():
        raise InputError(
            f"{path} is a colour picture; a mask has one number per pixel, so convert colours to label values first."
        )
    first: NDArray[Any] = data[..., 0]
    return first


def _rounded(data: NDArray[Any], path: Path) -> NDArray[Any]:
    if not np.isfinite(data).all():
        raise InputError(f"{path} holds NaN or Inf; labels are whole numbers from 0 on.")
    nearest = np.rint(data)
    far = np.abs(data - nearest)
    if far.max(initial=0) > LABEL_TOLERANCE:
        value = float(data.flat[int(far.argmax())])
        raise InputError(f"{path} holds the value {value:g}; labels are whole numbers, so threshold or round it first.")
    if far.any():
        _log.warning("%s: labels stored as fractions close to whole numbers were rounded", path.name)
    if data.size and nearest.max() >= 2**53:
        raise InputError(f"{path} holds the value {nearest.max():g}, too large for a label.")
    return np.asarray(nearest, np.int64)
