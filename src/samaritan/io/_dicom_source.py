"""The slices of an image that came from DICOM, as what is written for them has to refer to them.

Each slice, also a frame of a multi-frame file, is a header of its own with the place of that frame. Of the source's header
only what belongs to patient and study is carried over, since DICOM demands that results lie in the study of their images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samaritan.core import InputError, UsageError, Volume
from samaritan.io import _dicom_file
from samaritan.io._dicom_planes import Plane, planes_of
from samaritan.io._sniff import check_path

# Patient and study elements that the standard allows to be empty, and that must be there in what is written
_MAY_BE_EMPTY = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID", "AccessionNumber",
    "ReferringPhysicianName",
)  # fmt: skip
#: What results carry over of their source: the elements that put them into its patient, study and frame of reference.
CARRIED = (
    *_MAY_BE_EMPTY, "SpecificCharacterSet", "StudyInstanceUID", "FrameOfReferenceUID", "PositionReferenceIndicator",
)  # fmt: skip
_OF_IMAGE = (
    "SeriesInstanceUID", "Modality", "Rows", "Columns", "LossyImageCompression", "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
)  # fmt: skip


@dataclass(frozen=True)
class SourceSlice:
    """One slice.

    Attributes:
        header: of the file, without pixels; shared by the frames of a file.
        plane: where the slice lies.
        frame: its number in the file, from 1, or None in a file of one image.
    """

    header: Any
    plane: Plane
    frame: int | None

    def reference(self) -> Any:
        """An item that names the image: class, instance, and frame where there are several."""
        from pydicom import Dataset

        item = Dataset()
        item.ReferencedSOPClassUID = self.header.SOPClassUID
        item.ReferencedSOPInstanceUID = self.header.SOPInstanceUID
        if self.frame is not None:
            item.ReferencedFrameNumber = self.frame
        return item


def source_slices(like: Volume | None, what: str) -> list[SourceSlice]:
    """The slices of ``like`` in the order of k; their files are read again, without pixels.

    Raises:
        UsageError: ``like`` did not come from DICOM; ``what`` names what was to be written.
        InputError: a file has gone.
    """
    like = check_is_dicom(like, what)
    files = [_file(Path(name)) for name in like.meta["files"]]
    places = zip(like.meta["slice_files"], like.meta["frames"], strict=True)
    return [_slice(files[file], frame) for file, frame in places]


def check_is_dicom(like: Volume | None, what: str) -> Volume:
    """The image, if it came from DICOM.

    Raises:
        UsageError: it did not; ``what`` names what was to be written.
    """
    if like is None or like.meta.get("format") != "dicom":
        raise UsageError(f"{what} refers to the DICOM images it was made from, and the source is none; write .nii.gz.")
    return like


def first_of_files(slices: Sequence[SourceSlice]) -> list[SourceSlice]:
    """One slice for each file."""
    return list({s.header.SOPInstanceUID: s for s in reversed(slices)}.values())[::-1]


def missing(header: Any, names: Sequence[str]) -> Iterator[str]:
    """Which of the elements a header lacks, in words."""
    from pydicom.datadict import dictionary_description

    yield from (dictionary_description(name) for name in names if not header.get(name))


def _file(path: Path) -> tuple[Any, list[Plane]]:
    check_path(path)
    header = _dicom_file.load(path)
    if not header.get("SpecificCharacterSet"):  # present and empty: highdicom refuses it
        header.SpecificCharacterSet = "ISO_IR 100"
    for name in _MAY_BE_EMPTY:
        if name not in header:
            setattr(header, name, "")
    header.Modality = header.get("Modality") or "OT"
    planes = planes_of(header, path)
    if not all(plane.is_placed for plane in planes):
        header.pop("FrameOfReferenceUID", None)  # without a place the frame of reference says nothing
    return header, planes


def _slice(file: tuple[Any, list[Plane]], frame: int) -> SourceSlice:
    header, planes = file
    if frame >= len(planes):
        raise InputError(f"{planes[0].path} has changed since it was read; segment it again.")
    return SourceSlice(header, planes[frame], frame + 1 if len(planes) > 1 else None)


def single(source: SourceSlice) -> Any:
    """A header of the slice as an image of its own, which is what highdicom knows how to refer to, with a new instance UID."""
    from pydicom import Dataset
    from pydicom.uid import CTImageStorage, SecondaryCaptureImageStorage, generate_uid

    plane, known = source.plane, (*CARRIED, *_OF_IMAGE)
    header: Any = Dataset({source.header[name].tag: source.header[name] for name in known if name in source.header})
    header.SliceThickness = round(float(source.header.get("SliceThickness") or plane.thickness or 1.0), 10)
    header.SOPClassUID = CTImageStorage if "FrameOfReferenceUID" in header else SecondaryCaptureImageStorage
    header.SOPInstanceUID = generate_uid()
    if plane.orientation is not None and plane.position is not None:
        header.ImageOrientationPatient = [round(float(v), 12) for v in plane.orientation.ravel()]
        header.ImagePositionPatient = [round(float(v), 8) for v in plane.position]
    if plane.spacing is not None:
        header.PixelSpacing = [round(plane.spacing[1], 10), round(plane.spacing[0], 10)]
    return header
