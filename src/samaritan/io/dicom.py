"""DICOM images: a single file, an enhanced multi-frame file, or a folder with a series.

Slices are sorted by their position along the normal; what is no regular volume is refused (see ``_dicom_planes.py``).
Values are rescaled per slice; MONOCHROME1 pictures are inverted unless their values are measurements (CT, MR, PET).
References in a DICOMDIR are never followed, and no patient data leave this file.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samaritan.core import Geometry, GeometryError, InputError, LabelMap, UsageError, Volume
from samaritan.core.intensity import canonical_modality
from samaritan.io import _dicom_file, _payload
from samaritan.io._base import FORMATS, Choice, reading
from samaritan.io._decode import Decoder
from samaritan.io._dicom_pixels import Frames, frame_values, is_inverted, window
from samaritan.io._dicom_planes import Plane, planes_of, stack
from samaritan.io._dicom_stacks import choose_frames
from samaritan.io._voxels import make_labels, make_volume

# DICOM's codes where canonical_modality() does not read them
_MODALITIES = {
    "OPT": "OCT", "IVOCT": "OCT", "OP": "fundus", "ES": "endoscopy", "SM": "histopathology", "GM": "microscopy",
    "XC": "photography", "DMS": "dermoscopy", "RF": "X-ray", "XA": "X-ray", "PX": "X-ray", "IO": "X-ray", "RG": "X-ray",
    "IVUS": "ultrasound",
}  # fmt: skip
_NO_IMAGES = (*_dicom_file.SEGMENTATION_CLASSES, *_dicom_file.RTSTRUCT_CLASSES)
_SAYS_NOTHING = ("", "OT", "SC", "DOC", "SEG")
_MOST_LISTED = 20
_HEADER_TAGS = [
    "SOPClassUID", "SeriesInstanceUID", "SeriesNumber", "Modality", "ImageType", "Rows", "Columns", "NumberOfFrames",
    "ImageOrientationPatient", "ImagePositionPatient", "PixelSpacing", "ImagerPixelSpacing", "SliceThickness",
    "EstimatedRadiographicMagnificationFactor", "SpacingBetweenSlices", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence", "DimensionIndexSequence",
]  # fmt: skip


@dataclass(frozen=True)
class _Image:
    data: Any
    geometry: Geometry
    planes: Sequence[Plane]
    first: Any  # data set of the first plane
    warnings: list[str] = field(default_factory=list)


class Dicom:
    """Reads DICOM images; masks for them are written as DICOM SEG."""

    suffixes = _dicom_file.SUFFIXES
    write_suffixes: tuple[str, ...] = ()
    mask_suffix = ".dcm"

    def claims(self, path: Path) -> bool:
        """Folders, files with a DICOM ending, and files of no known ending that carry the DICOM mark; no masks."""
        if path.is_dir():
            return True
        return _dicom_file.is_claimed(path) and not _dicom_file.is_of(path, _NO_IMAGES)

    def read(self, path: Path, choice: Choice) -> Volume:
        """Read an image.

        ``meta`` holds "window" (centre, width) and "inverted"; "placed", whether a frame of reference says where it lies;
        "burned_in", whether the pixels show text; and, for what refers to the slices, "frames" and "slice_files".
        """
        with reading(path, "DICOM"):
            image = _read(path, choice)
            planes, first = image.planes, image.first
            files = {path: number for number, path in enumerate(dict.fromkeys(p.path for p in planes))}
            return make_volume(
                image.data, image.geometry, path, "dicom", modality=_modality(first), warnings=image.warnings,
                files=files, frames=[p.frame for p in planes], slice_files=[files[p.path] for p in planes],
                window=window(first, planes[0].frame), inverted=is_inverted(first) or None,
                placed="FrameOfReferenceUID" in first and all(p.is_placed for p in planes),
                burned_in=first.get("BurnedInAnnotation") == "YES" or None,
            )  # fmt: skip

    def read_labels(self, path: Path) -> LabelMap:
        """Read an image whose pixels are labels."""
        with reading(path, "DICOM"):
            image = _read(path, Choice())
            return make_labels(image.data, image.geometry, path)

    def write(self, _labelmap: LabelMap, path: Path, _like: Volume | None) -> None:
        """Not offered: a mask is a SEG object."""
        raise UsageError(f"{path} cannot be written as a DICOM image.")


FORMATS.add("dicom", Dicom())


def series_of(path: Path) -> str | None:
    """The UID of the series that a DICOM file's image belongs to; None for a DICOM object without an image, such as a SEG.

    Raises:
        InputError: a DICOMDIR.
        FormatError: no DICOM file, or a damaged one.
    """
    dataset = _dicom_file.load(path, tags=["SOPClassUID", "SeriesInstanceUID", "Rows"])
    with reading(path, "DICOM"):
        if "Rows" not in dataset or dataset.get("SOPClassUID") in _NO_IMAGES:
            return None
        return str(dataset.get("SeriesInstanceUID", ""))


def patient_of(path: Path, salt: bytes) -> str | None:
    """A pseudonym of a DICOM file's patient, the same for all files of the patient; None where the file names none.

    Args:
        path: the file.
        salt: kept secret, so that nobody finds the patient by trying all numbers.

    Raises:
        InputError: as :func:`series_of`.
    """
    dataset = _dicom_file.load(path, tags=["PatientID", "IssuerOfPatientID"])
    with reading(path, "DICOM"):
        name = str(dataset.get("PatientID") or "").strip()
        issuer = str(dataset.get("IssuerOfPatientID") or "").strip()
        return hmac.new(salt, f"{name}\0{issuer}".encode(), "sha256").hexdigest()[:12] if name else None


def _read(path: Path, choice: Choice) -> _Image:
    if path.is_dir():
        return _read_volume(_series(path, choice), path, choice)
    choice.refuse_series(path)
    dataset = _dicom_file.load(path)
    _check_image(dataset, path)
    return _read_volume(choose_frames(dataset, planes_of(dataset, path), choice.volume, path), path, choice)


def _read_volume(planes: Sequence[Plane], path: Path, choice: Choice) -> _Image:
    ordered, geometry, notes = stack(planes, path)
    notes += sorted({note for p in {p.path for p in ordered} for note in _dicom_file.preamble_warnings(p)})
    frames: Frames | None = None
    first: Any = None
    done = 0
    with Decoder() as decoder:
        for file, places in _by_file(ordered).items():
            dataset = _dicom_file.load(file, pixels=True)
            with reading(file, "DICOM"):
                _check_image(dataset, file, pixels=True)
                first = dataset if first is None else first
                if frames is None:
                    _payload.check_memory(3 * len(ordered) * int(dataset.Rows) * int(dataset.Columns), path)
                    frames = Frames.empty(dataset, len(ordered))
                wanted = [ordered[n].frame for n in places]
                for index, (values, padding) in zip(places, frame_values(dataset, wanted, decoder), strict=True):
                    frames.put(index, values, padding)
                    done += 1
                    if choice.progress is not None:
                        choice.progress(done, len(ordered))
                dataset.pop("PixelData", None)  # data sets refer to themselves, so their memory would stay for a while
    if frames is None:
        raise InputError(f"{path} holds no image.")
    return _Image(frames.finish(), geometry, ordered, first, notes)


def _by_file(planes: Sequence[Plane]) -> dict[Path, list[int]]:
    places: dict[Path, list[int]] = defaultdict(list)
    for index, plane in enumerate(planes):
        places[plane.path].append(index)
    return places


def _check_image(dataset: Any, path: Path, *, pixels: bool = False) -> None:
    if dataset.get("SOPClassUID") in _dicom_file.SEGMENTATION_CLASSES:
        raise InputError(f"{path} is a DICOM SEG, which is a mask; read it as labels.")
    if "Rows" not in dataset or "Columns" not in dataset or not int(dataset.Rows) * int(dataset.Columns):
        raise InputError(f"{path} is a DICOM object without an image.")
    if pixels and not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise InputError(f"{path} is truncated or holds no pixels; export it again.")


def _series(folder: Path, choice: Choice) -> list[Plane]:
    """The planes of the one series of a folder, or of the chosen one."""
    found: dict[str, list[tuple[Path, Any]]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.name.upper() == "DICOMDIR" or path.name.startswith("."):
            continue
        if not _dicom_file.is_named_dicom(path) and not _dicom_file.is_dicom(path):
            continue
        dataset = _dicom_file.load(path, tags=_HEADER_TAGS)
        if "Rows" in dataset and dataset.get("SOPClassUID") not in _dicom_file.SEGMENTATION_CLASSES:
            found[str(dataset.get("SeriesInstanceUID", ""))].append((path, dataset))
    if not found:
        raise InputError(
            f"{folder} is a folder without DICOM images; give a file, or the folder that holds the slices."
        )
    members = found[_choose(folder, found, choice)]
    planes = [plane for path, dataset in members for plane in planes_of(dataset, path)]
    if len(members) == 1:
        return choose_frames(members[0][1], planes, choice.volume, members[0][0])
    if choice.volume is not None:
        raise GeometryError(f"{folder} is one volume; volume={choice.volume} cannot be chosen in it.")
    return planes


def _choose(folder: Path, found: dict[str, list[tuple[Path, Any]]], choice: Choice) -> str:
    """The UID of the series to read."""
    uids = sorted(found, key=lambda uid: (int(found[uid][0][1].get("SeriesNumber") or 0), uid))
    if choice.series is None and len(uids) == 1:
        return uids[0]
    listed = "; ".join(
        f"{n} = {found[uid][0][1].get('Modality') or 'unknown'}, {len(found[uid])} files, {uid}"
        for n, uid in enumerate(uids[:_MOST_LISTED])
    )
    if len(uids) > _MOST_LISTED:
        listed += f"; and {len(uids) - _MOST_LISTED} more"
    if choice.series is None:
        raise InputError(f"{folder} holds {len(uids)} series; choose one with series=NUMBER or its UID: {listed}.")
    if choice.series in found:
        return choice.series
    if choice.series.isdecimal() and int(choice.series) < len(uids):
        return uids[int(choice.series)]
    raise InputError(f"{folder} has no series {choice.series!r}; it holds {listed}.")


def _modality(dataset: Any) -> str | None:
    code = str(dataset.get("Modality") or "")
    return None if code in _SAYS_NOTHING else _MODALITIES.get(code, canonical_modality(code))
