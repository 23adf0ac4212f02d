"""DICOM RTSTRUCT: closed planar contours of each label on each slice, in the patient's coordinates, for treatment planning.

A contour runs halfway between pixels inside and outside; a hole is part of its contour, reached through a channel of no width
(see ``_rings.py``). The file is written in implicit VR, since explicit VR has no room for contours of more than 64 KiB.
Contours have no voxels of their own, so labels are read from them on the grid of an image only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import FormatError, Geometry, GeometryError, InputError, LabelMap, Volume
from samaritan.io import _dicom_file
from samaritan.io._base import FORMATS, Choice, reading
from samaritan.io._dicom_source import check_is_dicom
from samaritan.io._rings import fill
from samaritan.io._rtstruct_writer import write_rtstruct
from samaritan.io._voxels import make_labels, smallest_unsigned

#: How far a contour may lie from the middle of its slice, in slices.
_TOLERANCE = 0.25


class DicomRtstruct:
    """Reads the closed contours of a structure set as labels; writes them for images that came from DICOM."""

    suffixes: tuple[str, ...] = ()
    write_suffixes = tuple(f".rtstruct{suffix}" for suffix in _dicom_file.SUFFIXES)
    mask_suffix = ".rtstruct.dcm"

    def claims(self, path: Path) -> bool:
        """DICOM files of the class RT Structure Set."""
        return path.is_file() and _dicom_file.is_claimed(path) and _dicom_file.is_of(path, _dicom_file.RTSTRUCT_CLASSES)

    def read(self, path: Path, _choice: Choice) -> Volume:
        """Refused: a structure set is no image."""
        raise InputError(f"{path} is an RTSTRUCT, which holds contours; give the image, or read it as labels.")

    def read_labels(self, path: Path) -> LabelMap:
        """Refused without an image: contours lie on no grid of their own."""
        raise InputError(f"{path} is an RTSTRUCT, which holds contours and no voxels; read it together with its image.")

    def read_onto(self, path: Path, like: Volume) -> LabelMap:
        """Voxels of ``like`` whose centres lie inside an odd number of a structure's contours; values are ROI numbers.

        Raises:
            InputError: structures overlap, or belong to another frame of reference.
            GeometryError: contours lie between the slices, or outside of the image.
        """
        dataset = _dicom_file.load(path)
        with reading(path, "RTSTRUCT"):
            _check_frame(dataset, like)
            names = {
                int(item.ROINumber): str(item.get("ROIName") or "")
                for item in dataset.get("StructureSetROISequence") or ()
            }
            merged = np.zeros(like.geometry.shape, smallest_unsigned(np.array(list(names) or [0])))
            for item in dataset.get("ROIContourSequence") or ():
                if "ReferencedROINumber" not in item:
                    raise FormatError("it ends in the middle of a structure's contours; export or copy it again.")
                _enter(merged, int(item.ReferencedROINumber), item, like.geometry, names)
            return make_labels(merged, like.geometry, path, {value: name for value, name in names.items() if name})

    def write(self, labelmap: LabelMap, path: Path, like: Volume | None) -> None:
        """Write one structure for each label; patient, study and frame of reference are those of the source files."""
        self.write_overlapping([labelmap], path, like)

    def check_source(self, path: Path, like: Volume) -> list[str]:
        """Refuse what did not come from DICOM, or has no place in a patient."""
        check_is_dicom(like, "An RTSTRUCT")
        if not like.meta.get("placed"):
            raise InputError(
                f"{path.name} cannot be written: {like.meta['source']} has no place in a frame of reference, so contours have "
                "none either; write .png or .nii.gz."
            )
        return []

    def write_overlapping(self, parts: Sequence[LabelMap], path: Path, like: Volume | None) -> None:
        """Write the labels of several maps, which may overlap, as structures of one file."""
        write_rtstruct(parts, path, like)


FORMATS.add("dicom-rtstruct", DicomRtstruct())


def _check_frame(dataset: Any, like: Volume) -> None:
    if like.meta.get("format") != "dicom":
        return
    own = {str(item.ReferencedFrameOfReferenceUID) for item in dataset.get("StructureSetROISequence") or ()}
    header = _dicom_file.load(Path(like.meta["files"][0]), tags=["FrameOfReferenceUID"])
    if own and header.get("FrameOfReferenceUID") not in own:
        raise InputError("its contours lie in another frame of reference than the image; give the image of its study.")


def _enter(merged: NDArray[Any], value: int, item: Any, geometry: Geometry, names: dict[int, str]) -> None:
    if value < 1:
        raise InputError(f"it numbers a structure {value}; numbers of structures begin at 1.")
    slices: dict[int, list[NDArray[np.float64]]] = {}
    for k, ring in _rings(item, geometry):
        slices.setdefault(k, []).append(ring)
    for k, rings in slices.items():
        inside = fill(rings, (merged.shape[0], merged.shape[1]))
        taken = merged[:, :, k][inside]
        if taken.any():
            other = names.get(int(taken.max()), "another one")
            raise InputError(
                f"its structures {names.get(value, value)!r} and {other!r} overlap, which a label map cannot hold."
            )
        merged[:, :, k][inside] = value


def _numbers(contour: Any) -> NDArray[np.float64]:
    """The coordinates of a contour, read from the file's text at once where pydicom has not looked at them yet."""
    stored = contour.get_item("ContourData").value
    return np.array(stored.split(b"\\") if isinstance(stored, bytes) else list(stored), np.float64)


def _rings(item: Any, geometry: Geometry) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Slice and corners (i, j) of each closed contour of a structure; points and open curves enclose nothing."""
    for contour in item.get("ContourSequence") or ():
        if contour.ContourGeometricType not in ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR"):
            continue
        lps = _numbers(contour).reshape(-1, 3)
        if len(lps) < 3 or not np.isfinite(lps).all():
            raise InputError(f"a contour has {len(lps)} corners; at least 3 with finite positions are needed.")
        places = geometry.to_voxel(lps * (-1, -1, 1))
        k = round(float(places[:, 2].mean()))
        if np.abs(places[:, 2] - k).max() > _TOLERANCE:
            raise GeometryError("a contour does not lie on a slice of the image; it was drawn on another series.")
        if not 0 <= k < geometry.shape[2]:
            raise GeometryError("a contour lies outside of the image; it belongs to another one.")
        yield k, places[:, :2]
