"""DICOM SEG: one binary segment per label, with its name and code, referring to the images it was made from.

Slices where a segment is not have no frame, as is usual; ``read_labels(path, like=image)`` lays the mask onto the image's
grid. How label values are kept is said in ``_seg_writer.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Code, Geometry, GeometryError, InputError, LabelMap, Term, Volume
from samaritan.io import _dicom_file, _payload
from samaritan.io._base import FORMATS, Choice, reading
from samaritan.io._decode import Decoder
from samaritan.io._dicom_planes import Plane, planes_of, stack
from samaritan.io._dicom_source import check_is_dicom
from samaritan.io._lps import affine_from_lps
from samaritan.io._seg_writer import VALUE, write_seg
from samaritan.io._voxels import make_labels

#: How far a frame may lie from its slice, in slices.
_UNEVEN = 0.02


class DicomSeg:
    """Reads SEG objects as label maps; writes them for images that came from DICOM."""

    suffixes: tuple[str, ...] = ()
    write_suffixes = _dicom_file.SUFFIXES
    mask_suffix = ".dcm"

    def claims(self, path: Path) -> bool:
        """DICOM files of the segmentation storage classes."""
        return (
            path.is_file()
            and _dicom_file.is_claimed(path)
            and _dicom_file.is_of(path, _dicom_file.SEGMENTATION_CLASSES)
        )

    def read(self, path: Path, _choice: Choice) -> Volume:
        """Refused: a SEG is no image."""
        raise InputError(f"{path} is a DICOM SEG, which is a mask; give the image, or read it as labels.")

    def read_labels(self, path: Path) -> LabelMap:
        """Read all segments.

        Raises:
            InputError: segments overlap, are fractional, or lie on tiles of a slide.
            GeometryError: the frames do not lie on evenly spaced slices.
        """
        dataset = _dicom_file.load(path, pixels=True)
        with reading(path, "DICOM SEG"):
            _check_kind(dataset)
            frames = int(dataset.get("NumberOfFrames") or 1)
            _payload.check_memory(2 * frames * int(dataset.Rows) * int(dataset.Columns), path)
            values, names = _values_and_names(dataset)
            planes = planes_of(dataset, path)
            if "FrameOfReferenceUID" in dataset and all(plane.is_placed for plane in planes):
                slices, geometry = _slices(dataset, planes)
            else:
                slices, geometry = [0] * len(planes), _flat(dataset, planes[0])
            segments = _segments(dataset, slices, geometry.shape)
            return make_labels(values[segments], geometry, path, names, _terms(dataset, values))

    def write(self, labelmap: LabelMap, path: Path, like: Volume | None) -> None:
        """Write a BINARY SEG; patient, study and frame of reference are those of the source files, which are read again."""
        self.write_overlapping([labelmap], path, like)

    def check_source(self, _path: Path, like: Volume) -> list[str]:
        """Refuse what did not come from DICOM."""
        check_is_dicom(like, "A DICOM SEG")
        if like.meta.get("placed"):
            return []
        return [
            "The image has no place in a frame of reference, so few viewers will lay this DICOM SEG over it; "
            "-o NAME.png writes a picture."
        ]

    def write_overlapping(self, parts: Sequence[LabelMap], path: Path, like: Volume | None) -> None:
        """Write the labels of several maps, which may overlap, into one SEG."""
        write_seg(parts, path, like)


FORMATS.add("dicom-seg", DicomSeg())


def _values_and_names(dataset: Any) -> tuple[NDArray[np.uint64], dict[int, str]]:
    """Table from segment number to label value, and the names of the values."""
    names: dict[int, str] = {}
    segments = {int(item.SegmentNumber): item for item in dataset.SegmentSequence}
    table = np.zeros(max(segments, default=0) + 1, np.uint64)
    for number, item in segments.items():
        match = VALUE.fullmatch(str(item.get("SegmentDescription", "")))
        table[number] = int(match[1]) if match else number
        if number:
            names[int(table[number])] = str(item.get("SegmentLabel", f"segment {number}"))
    if len(names) != sum(1 for n in segments if n):
        raise InputError("two segments claim the same label value; export the SEG again.")
    smallest = np.min_scalar_type(int(table.max(initial=0)))
    return table.astype(smallest), names


def _terms(dataset: Any, values: NDArray[Any]) -> dict[int, Term]:
    """Label value -> its code; segments without a usable one are left out."""
    terms: dict[int, Term] = {}
    for item in dataset.SegmentSequence:
        try:
            kind = item.SegmentedPropertyTypeCodeSequence[0]
            side, region = kind.get("SegmentedPropertyTypeModifierCodeSequence"), item.get("AnatomicRegionSequence")
            terms[int(values[int(item.SegmentNumber)])] = Term(
                _code(item.SegmentedPropertyCategoryCodeSequence[0]), _code(kind),
                _code(side[0]) if side else None, _code(region[0]) if region else None,
            )  # fmt: skip
        except (AttributeError, IndexError, InputError):
            continue
    return terms


def _code(item: Any) -> Code:
    return Code(str(item.CodeValue), str(item.CodingSchemeDesignator), str(item.CodeMeaning))


def _check_kind(dataset: Any) -> None:
    if dataset.SegmentationType == "FRACTIONAL":
        raise InputError("it holds probabilities (a FRACTIONAL SEG); threshold it and store it as BINARY.")
    if "TotalPixelMatrixColumns" in dataset:
        raise InputError("it holds tiles of a slide, which are not read; convert them to one picture.")


def _slices(dataset: Any, planes: Sequence[Plane]) -> tuple[list[int], Geometry]:
    """For each frame its slice, from the first one that is filled, and the grid; k grows along the normal."""
    first = min(planes, key=_depth)
    depths = np.array([_depth(plane) for plane in planes]) - _depth(first)
    step = _step(dataset, np.unique(np.round(depths, 3)), first)
    numbers = np.rint(depths / step).astype(int)
    if np.abs(depths - numbers * step).max() > _UNEVEN * step:
        raise GeometryError("its frames do not lie on evenly spaced slices.")
    of_slice = {int(number): plane for number, plane in zip(numbers, planes, strict=True)}
    count = int(numbers.max()) + 1
    if 1 < len(of_slice) == count:  # no slice is missing: the same arithmetic as for images gives the very same grid
        return numbers.tolist(), stack(list(of_slice.values()), first.path)[1]
    if first.orientation is None or first.position is None or first.spacing is None:
        raise GeometryError("its frames have no place.")
    steps = np.column_stack([*(first.orientation.T * first.spacing).T, first.normal * step])
    return numbers.tolist(), Geometry((*first.size, count), affine_from_lps(steps, first.position))


def _depth(plane: Plane) -> float:
    return float(np.dot(plane.position, plane.normal)) if plane.position is not None else 0.0


def _step(dataset: Any, depths: NDArray[np.float64], plane: Plane) -> float:
    """The distance of slices: as declared if the frames keep it, else the smallest between two of them."""
    declared = float(_measures(dataset).get("SpacingBetweenSlices") or 0)
    if declared > 0 and np.abs(depths - np.rint(depths / declared) * declared).max() <= _UNEVEN * declared:
        return declared
    return float(np.diff(depths).min()) if len(depths) > 1 else plane.thickness or 1.0


def _segments(dataset: Any, slices: Sequence[int], shape: tuple[int, int, int]) -> NDArray[Any]:
    """(i, j, k) segment numbers."""
    merged = np.zeros(shape, np.min_scalar_type(max(int(item.SegmentNumber) for item in dataset.SegmentSequence)))
    numbers = list(_segment_of_frames(dataset, len(slices)))
    with Decoder() as decoder:
        for frame, stored in enumerate(decoder.frames(dataset, range(len(slices)))):
            inside, here = stored.T > 0, merged[:, :, slices[frame]]
            if here[inside].any():
                raise InputError("it has segments that overlap, which a label map cannot hold; split the SEG.")
            here[inside] = stored.T[inside] if numbers[frame] is None else numbers[frame]
    return merged


def _segment_of_frames(dataset: Any, count: int) -> Iterator[int | None]:
    """The segment of each frame, or None where the pixels say it (a LABELMAP)."""
    shared = dataset.SharedFunctionalGroupsSequence[0]
    own = dataset.get("PerFrameFunctionalGroupsSequence") or [shared] * count
    for groups in own:
        named = groups.get("SegmentIdentificationSequence") or shared.get("SegmentIdentificationSequence")
        yield int(named[0].ReferencedSegmentNumber) if named else None


def _flat(dataset: Any, plane: Plane) -> Geometry:
    """The grid of one picture that has no place in a patient."""
    measures = _measures(dataset)
    if plane.spacing is None:
        return Geometry.pixels(*plane.size)
    return Geometry.from_spacing((*plane.size, 1), (*plane.spacing, float(measures.get("SliceThickness") or 1.0)))


def _measures(dataset: Any) -> Any:
    """The first description of pixel sizes; empty where there is none."""
    own = dataset.get("PerFrameFunctionalGroupsSequence") or ()
    for groups in (*dataset.SharedFunctionalGroupsSequence, *own):
        if measures := groups.get("PixelMeasuresSequence"):
            return measures[0]
    return {}
