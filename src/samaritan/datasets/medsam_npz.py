"""The npz files of MedSAM: imgs and gts (and spacing), 2D as (y, x[, 3]), 3D as (z, y, x) in LPS order.

Source: github.com/bowang-lab/MedSAM, the data format of the CVPR 2024 challenge "Segment Anything in Medical Images on
Laptop". Files of its validation part also hold "boxes"; they are not used, since prompts are made from the reference.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import FormatError, Geometry, LabelMap, Volume
from samaritan.datasets import _manifest
from samaritan.datasets._base import LAYOUTS, REFERENCE, Dataset, Layout
from samaritan.datasets._case import Parts, make_dataset
from samaritan.datasets._info import DatasetInfo
from samaritan.datasets._listing import entries, printable
from samaritan.datasets._npz import read_npz

NAME = "medsam-npz"

#: Grey values were windowed to 0..255 when the file was made.
INTENSITY = "asis"

_PREFIX = re.compile(r"^(?:[23]D(?:Box|Point|Scribble)?_)?([A-Za-z-]+)", re.IGNORECASE)


def claims(folder: Path) -> bool:
    """True for a folder with .npz files and no dataset.json."""
    return bool(_archives(folder)) and not (folder / _manifest.FILE_NAME).exists()


def read(folder: Path, info: DatasetInfo) -> Dataset:
    """One case for each .npz file; the modality is taken from the first word of its name ("CT_", "3DBox_MR_").

    Raises:
        InputError: there is no file, or the patients do not fit.
    """
    parts = [
        Parts(printable(path.stem), path, {REFERENCE: path}, _modality(path.stem), read_image, read_reference)
        for path in _archives(folder)
    ]
    if info.intensity is None:
        info = info.model_copy(update={"intensity": INTENSITY})
    return make_dataset(folder, NAME, parts, info)


def read_image(path: Path) -> Volume:
    """``imgs`` as a Volume: (z, y, x) -> (i, j, k), (y, x[, 3]) -> (i, j, 1[, 3]).

    Raises:
        FormatError: an array is missing, or has a shape or type that is not of an image.
    """
    arrays = _read(path)
    pictures = arrays["imgs"]
    if pictures.dtype.kind not in "uif" or not np.isfinite(pictures).all():
        raise FormatError(f"imgs in {path} must be finite numbers; received {pictures.dtype}.")
    return Volume(_to_ijk(pictures, flat=arrays["gts"].ndim == 2), _grid(arrays, path), _modality(path.stem))


def read_reference(path: Path) -> LabelMap:
    """``gts`` as a LabelMap on the grid of ``imgs``; raises as :func:`read_image`."""
    arrays = _read(path)
    labels = arrays["gts"]
    if labels.dtype.kind not in "uib" or (labels.size and labels.min() < 0):
        raise FormatError(f"gts in {path} must be whole numbers from 0; received {labels.dtype}.")
    unsigned = labels.astype(np.dtype(f"u{labels.dtype.itemsize}"))
    return LabelMap(_to_ijk(unsigned, flat=labels.ndim == 2), _grid(arrays, path))


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file, their shapes checked against each other."""
    arrays = read_npz(path, ("imgs", "gts"), optional=("spacing",))
    pictures, labels = arrays["imgs"], arrays["gts"]
    colour = labels.ndim == 2 and pictures.ndim == 3 and pictures.shape[2] == 3
    if (
        labels.ndim not in (2, 3)
        or pictures.shape[: labels.ndim] != labels.shape
        or (pictures.ndim > labels.ndim and not colour)
    ):
        raise FormatError(
            f"{path} holds imgs of shape {pictures.shape} and gts of shape {labels.shape}; allowed are (y, x) or (y, x, 3) "
            "with (y, x), and (z, y, x) with (z, y, x)."
        )
    if labels.ndim == 3 and "spacing" not in arrays:
        raise FormatError(f"{path} holds a volume but no array 'spacing'; add its (x, y, z) spacing in mm.")
    return arrays


def _to_ijk(array: NDArray[Any], *, flat: bool) -> NDArray[Any]:
    if flat:
        return np.ascontiguousarray(array.swapaxes(0, 1)[:, :, None])
    return np.ascontiguousarray(array.transpose(2, 1, 0))


def _grid(arrays: dict[str, NDArray[Any]], path: Path) -> Geometry:
    """Axis-aligned and LPS-ordered at the origin, as far as the file says; pictures have no spacing."""
    shape = arrays["gts"].shape[::-1]
    if len(shape) == 2:
        return Geometry.pixels(shape[0], shape[1])
    spacing = arrays["spacing"].ravel()
    if spacing.shape != (3,) or spacing.dtype.kind not in "uif" or not (np.isfinite(spacing) & (spacing > 0)).all():
        raise FormatError(
            f"spacing in {path} must be three numbers above 0, (x, y, z) in mm; received {arrays['spacing']}."
        )
    return Geometry.from_spacing((shape[0], shape[1], shape[2]), spacing)


def _archives(folder: Path) -> list[Path]:
    return [path for path in entries(folder) if path.suffix.lower() == ".npz" and path.is_file()]


def _modality(stem: str) -> str | None:
    match = _PREFIX.match(stem)
    return _manifest.modality_of(match[1]) if match else None


LAYOUTS.add(NAME, Layout("*.npz with imgs, gts and spacing (MedSAM)", claims, read))
