"""DICOM SEG: one binary segment per label, with its name, referring to the images it was made from.

Segments are numbered 1, 2, 3 ... as the standard demands; the label's own value is kept in the segment's description, so
that it comes back unchanged. Empty frames are kept, so that the mask covers its image, unless that would make the file
large; then, and for files of other makers, ``read_labels(path, like=image)`` lays the mask onto the image's grid.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Geometry, InputError, LabelMap, UsageError, Volume
from samaritan.io import _dicom_file, _payload
from samaritan.io._base import FORMATS, Choice, one_line, read_faults, reading
from samaritan.io._dicom_planes import planes_of, stack
from samaritan.io._lps import affine_from_lps
from samaritan.io._sniff import check_path
from samaritan.io._voxels import make_labels

#: Beyond this size of all frames (bytes, one bit per pixel) empty frames are left out.
_MAX_WITH_EMPTY_FRAMES = 2**26

# Patient and study elements that the standard allows to be empty, and highdicom wants to be there
_MAY_BE_EMPTY = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID", "AccessionNumber",
    "ReferringPhysicianName",
)  # fmt: skip

_VALUE = re.compile(r"label value (\d+)")


class DicomSeg:
    """Reads SEG objects as label maps; writes them for images that came from DICOM."""

    suffixes: tuple[str, ...] = ()
    write_suffixes = _dicom_file.SUFFIXES
    mask_suffix = ".dcm"

    def claims(self, path: Path) -> bool:
        """DICOM files of the segmentation storage classes."""
        return path.is_file() and _dicom_file.is_claimed(path) and _dicom_file.is_segmentation(path)

    def read(self, path: Path, _choice: Choice) -> Volume:
        """Refused: a SEG is no image."""
        raise InputError(f"{path} is a DICOM SEG, which is a mask; give the image, or read it as labels.")

    def read_labels(self, path: Path) -> LabelMap:
        """Read all segments.

        Raises:
            InputError: segments overlap, or are fractional.
        """
        import highdicom

        dataset = _dicom_file.load(path, pixels=True)
        with reading(path, "DICOM SEG"):
            if dataset.SegmentationType == "FRACTIONAL":
                raise InputError(f"{path} holds probabilities (a FRACTIONAL SEG); threshold it and store it as BINARY.")
            frames = int(dataset.get("NumberOfFrames") or 1)
            _payload.check_memory(2 * frames * int(dataset.Rows) * int(dataset.Columns), path)
            values, names = _values_and_names(dataset)
            seg = highdicom.seg.Segmentation.from_dataset(dataset, copy=False)
            segments, geometry = _in_space(seg, path) if "FrameOfReferenceUID" in dataset else _flat(seg, path)
            return make_labels(values[segments], geometry, path, names)

    def write(self, labelmap: LabelMap, path: Path, like: Volume | None) -> None:
        """Write a BINARY SEG; patient, study and frame of reference are those of the source files, which are read again."""
        if like is None or like.meta.get("format") != "dicom":
            raise UsageError(
                "A DICOM SEG refers to the DICOM images it was made from, and the source is none; write .nii.gz."
            )
        sources = [_source(Path(file)) for file in like.meta["files"]]
        frames = _in_source_order(labelmap, sources, like.meta["frames"])
        labels = sorted({*labelmap.labels(), *(n for n in labelmap.names if n)}) or [1]
        numbered = np.searchsorted([0, *labels], frames).astype(np.min_scalar_type(len(labels)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                seg = _segmentation(sources, numbered, [_description(n, v, labelmap) for n, v in enumerate(labels, 1)])
            except read_faults() as error:
                raise InputError(
                    f"The header of {like.meta['files'][0]} lacks what a DICOM SEG needs ({one_line(error)}); write .nii.gz."
                ) from error
            if labelmap.geometry.shape[2] == 1 and "SpacingBetweenSlices" in (measures := _measures(seg)):
                measures.SpacingBetweenSlices = round(like.geometry.spacing[2], 8)  # highdicom always says 1.0
            seg.save_as(path)


FORMATS.add("dicom-seg", DicomSeg())


def _source(path: Path) -> Any:
    check_path(path)
    dataset = _dicom_file.load(path)
    if not dataset.get("SpecificCharacterSet"):  # present and empty: highdicom refuses it
        dataset.SpecificCharacterSet = "ISO_IR 100"
    for name in _MAY_BE_EMPTY:
        if name not in dataset:
            setattr(dataset, name, "")
    dataset.Modality = dataset.get("Modality") or "OT"
    if not all(plane.is_placed for plane in planes_of(dataset, path)):
        dataset.pop("FrameOfReferenceUID", None)  # without a place the frame of reference says nothing
        if not dataset.get("SliceThickness"):  # and without a thickness highdicom does not read its own file again
            dataset.SliceThickness = 1
    return dataset


def _in_source_order(labelmap: LabelMap, sources: Sequence[Any], frames: Sequence[int]) -> NDArray[Any]:
    """(i, j, k) labels -> (frame, row, col) in the order in which the source files hold their frames."""
    stacked = labelmap.data.transpose(2, 1, 0)
    count = sum(int(source.get("NumberOfFrames") or 1) for source in sources)
    if count != len(stacked):
        raise UsageError("A DICOM SEG for one frame of several is not written; end the name in .png or .nii.gz.")
    return stacked[np.argsort(frames)] if len(sources) == 1 else stacked


def _description(number: int, value: int, labelmap: LabelMap) -> Any:
    # What a label means anatomically is not known here, so the most general code is used beside the name
    import highdicom
    from pydicom.sr.codedict import codes

    description = highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=labelmap.name(value)[:64],
        segmented_property_category=codes.SCT.Tissue,
        segmented_property_type=codes.SCT.Tissue,
        algorithm_type="SEMIAUTOMATIC",
        algorithm_identification=highdicom.AlgorithmIdentificationSequence(
            name="samaritan", family=codes.DCM.ArtificialIntelligence, version="1"
        ),
    )
    description.SegmentDescription = f"label value {value}"
    return description


def _segmentation(sources: Sequence[Any], frames: NDArray[Any], descriptions: Sequence[Any]) -> Any:
    import highdicom

    return highdicom.seg.Segmentation(
        source_images=sources,
        pixel_array=frames,
        segmentation_type="BINARY",
        segment_descriptions=descriptions,
        series_instance_uid=highdicom.UID(),
        series_number=100,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="samaritan",
        manufacturer_model_name="samaritan",
        software_versions="1",
        device_serial_number="0",
        series_description="Segmentation by samaritan",
        omit_empty_frames=frames.size * len(descriptions) / 8 > _MAX_WITH_EMPTY_FRAMES,
    )


def _values_and_names(dataset: Any) -> tuple[NDArray[np.uint64], dict[int, str]]:
    """Table from segment number to label value, and the names of the values."""
    names: dict[int, str] = {}
    segments = {int(item.SegmentNumber): item for item in dataset.SegmentSequence}
    table = np.zeros(max(segments, default=0) + 1, np.uint64)
    for number, item in segments.items():
        match = _VALUE.fullmatch(str(item.get("SegmentDescription", "")))
        table[number] = int(match[1]) if match else number
        if number:
            names[int(table[number])] = str(item.get("SegmentLabel", f"segment {number}"))
    if len(names) != sum(1 for n in segments if n):
        raise InputError("two segments claim the same label value; export the SEG again.")
    smallest = np.min_scalar_type(int(table.max(initial=0)))
    return table.astype(smallest), names


def _in_space(seg: Any, path: Path) -> tuple[NDArray[Any], Geometry]:
    """(i, j, k) segment numbers and their grid; k grows along the normal, as in the reader of images."""
    try:
        volume = seg.get_volume(combine_segments=True)
    except RuntimeError as error:
        if "overlap" not in str(error).lower():
            raise
        raise InputError(f"{path} has segments that overlap, which a label map cannot hold; split the SEG.") from error
    steps, origin = volume.affine[:3, [2, 1, 0]], volume.affine[:3, 3]  # highdicom's axes are (slice, row, column)
    data = volume.array.transpose(2, 1, 0)
    if np.dot(np.cross(steps[:, 0], steps[:, 1]), steps[:, 2]) < 0:
        origin = origin + steps[:, 2] * (data.shape[2] - 1)
        steps, data = steps * [1, 1, -1], data[:, :, ::-1]
    planes = {tuple(np.round(plane.position, 4)): plane for plane in planes_of(seg, path) if plane.position is not None}
    if len(planes) == data.shape[2]:  # no slice is missing: the same arithmetic as for images gives the very same grid
        return data, stack(list(planes.values()), path)[1]
    return data, Geometry(data.shape, affine_from_lps(steps, origin))


def _flat(seg: Any, path: Path) -> tuple[NDArray[Any], Geometry]:
    """A mask of one picture that has no place in a patient."""
    frames = seg.pixel_array.reshape(-1, seg.Rows, seg.Columns)
    shared = seg.SharedFunctionalGroupsSequence[0]
    merged = np.zeros((seg.Rows, seg.Columns), np.min_scalar_type(len(seg.SegmentSequence)))
    for frame, groups in zip(frames, seg.PerFrameFunctionalGroupsSequence, strict=True):
        identified = groups.get("SegmentIdentificationSequence") or shared.get("SegmentIdentificationSequence")
        if (merged[frame > 0] > 0).any():
            raise InputError(f"{path} has segments that overlap, which a label map cannot hold; split the SEG.")
        merged[frame > 0] = identified[0].ReferencedSegmentNumber if identified else frame[frame > 0]
    data, measures = merged.T[:, :, None], _measures(seg)
    if not measures.get("PixelSpacing"):
        return data, Geometry.pixels(*data.shape[:2])
    row, column = (float(s) for s in measures.PixelSpacing)
    return data, Geometry.from_spacing(data.shape, (column, row, float(measures.get("SliceThickness") or 1.0)))


def _measures(seg: Any) -> Any:
    """The first description of pixel sizes; empty where there is none."""
    for groups in (*seg.SharedFunctionalGroupsSequence, *seg.PerFrameFunctionalGroupsSequence):
        if measures := groups.get("PixelMeasuresSequence"):
            return measures[0]
    return {}
