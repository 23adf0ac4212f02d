"""Writing DICOM SEG with highdicom.

Segments are numbered 1, 2, 3 ... as the standard demands; the label's own value is kept in the segment's description, so
that it comes back unchanged. Every frame refers to the image, and the frame of it, that it was drawn on.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Code, Geometry, InputError, LabelMap, Volume
from samaritan.core.colour import colour_of, lab_of
from samaritan.io import _payload
from samaritan.io._base import one_line, read_faults
from samaritan.io._dicom_source import SourceSlice, first_of_files, single, source_slices
from samaritan.io._terms import term_of

VALUE = re.compile(r"label value (\d+)")


def write_seg(parts: Sequence[LabelMap], path: Path, like: Volume | None) -> None:
    """Write label maps on one grid, which may overlap each other, as one BINARY SEG without empty frames.

    Raises:
        UsageError: ``like`` did not come from DICOM.
        InputError: the header of the source lacks what a SEG needs.
    """
    sources = source_slices(like, "A DICOM SEG")
    values = [sorted({*part.labels(), *(n for n in part.names if n)}) for part in parts]
    described = [(part, value) for part, own in zip(parts, values, strict=True) for value in own] or [(parts[0], 1)]
    filled = np.flatnonzero(np.any([part.data.any(axis=(0, 1)) for part in parts], axis=0))
    slices = filled if filled.size else np.array([0])
    frames = _numbered(parts, values, slices, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            chosen = {n: single(sources[n]) for n in slices}
            seg = _segmentation(
                list(chosen.values()), frames,
                [_description(n, value, part) for n, (part, value) in enumerate(described, 1)],
                _measures(sources[0], parts[0].geometry),
            )  # fmt: skip
            _declare_spacing(seg, slices, parts[0].geometry)
            _refer(seg, {header.SOPInstanceUID: sources[n] for n, header in chosen.items()}, sources)
        except read_faults() as error:
            raise InputError(
                f"The header of {sources[0].plane.path} lacks what a DICOM SEG needs ({one_line(error)}); write .nii.gz."
            ) from error
        seg.save_as(path)


def _numbered(
    parts: Sequence[LabelMap], values: Sequence[Sequence[int]], slices: NDArray[Any], path: Path
) -> NDArray[Any]:
    """(frame, row, col) segment numbers; (frame, row, col, segment) 0 or 1 where segments overlap."""
    count = sum(map(len, values))
    kind = np.min_scalar_type(count)
    merged = np.zeros((len(slices), *parts[0].data.shape[1::-1]), kind)
    overlap, first = False, 1
    for part, own in zip(parts, values, strict=True):
        table = np.array([0, *range(first, first + len(own))], kind)
        numbers = table[np.searchsorted([0, *own], part.data[:, :, slices])].transpose(2, 1, 0)
        overlap = overlap or bool(((merged > 0) & (numbers > 0)).any())
        merged = np.maximum(merged, numbers)
        first += len(own)
    if not overlap:
        return merged
    _payload.check_memory(2 * merged.size * count, path)
    pairs = [(part, value) for part, own in zip(parts, values, strict=True) for value in own]
    separate = np.zeros((*merged.shape, count), np.uint8)
    for number, (part, value) in enumerate(pairs):
        separate[..., number] = (part.data[:, :, slices] == value).transpose(2, 1, 0)
    return separate


def _description(number: int, value: int, labelmap: LabelMap) -> Any:
    import highdicom
    from highdicom.color import CIELabColor
    from pydicom import Dataset
    from pydicom.sr.codedict import codes

    term = term_of(labelmap, value)
    description = highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=labelmap.name(value)[:64],
        segmented_property_category=coded(term.category),
        segmented_property_type=coded(term.type),
        algorithm_type="SEMIAUTOMATIC",
        algorithm_identification=highdicom.AlgorithmIdentificationSequence(
            name="samaritan", family=codes.DCM.ArtificialIntelligence, version=version("samaritan")
        ),
        anatomic_regions=[coded(term.region)] if term.region else None,
        display_color=CIELabColor(*lab_of(colour_of(number - 1))),
    )
    description.SegmentDescription = f"label value {value}"
    if term.side is not None:
        side: Any = Dataset()
        side.CodeValue, side.CodingSchemeDesignator, side.CodeMeaning = (
            term.side.value,
            term.side.scheme,
            term.side.meaning,
        )
        description.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [side]
    return description


def coded(code: Code) -> Any:
    """The code as highdicom takes it."""
    from pydicom.sr.coding import Code as Triple

    return Triple(code.value, code.scheme, code.meaning)


def _measures(source: SourceSlice, geometry: Geometry) -> Any:
    """Pixel sizes, and the distance of slices also where most are left out; None where the image knows no spacing."""
    import highdicom

    if source.plane.spacing is None:
        return None
    column, row = (round(s, 10) for s in source.plane.spacing)
    depth = round(geometry.spacing[2], 10)
    thickness = source.plane.thickness if source.frame is not None else source.header.get("SliceThickness")
    return highdicom.PixelMeasuresSequence([row, column], round(float(thickness or depth), 10), depth)


def _segmentation(sources: Sequence[Any], frames: NDArray[Any], descriptions: Sequence[Any], measures: Any) -> Any:
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
        software_versions=version("samaritan"),
        device_serial_number="0",
        series_description="Segmentation by samaritan",
        pixel_measures=measures,
        omit_empty_frames=True,
    )


def _declare_spacing(seg: Any, slices: NDArray[Any], geometry: Geometry) -> None:
    """State the distance of the image's slices where highdicom, which sees the filled ones, took another for it."""
    for measures in seg.SharedFunctionalGroupsSequence[0].get("PixelMeasuresSequence") or ():
        measures.SpacingBetweenSlices = round(geometry.spacing[2], 10)
    if len(slices) <= slices[-1] - slices[0]:
        seg.pop("DimensionOrganizationType", None)


def _refer(seg: Any, drawn_on: dict[str, SourceSlice], sources: Sequence[SourceSlice]) -> None:
    """Name the frames of multi-frame files, which highdicom was shown one by one, and all images of the source."""
    from pydicom import Dataset

    for groups in seg.PerFrameFunctionalGroupsSequence:
        for derivation in groups.get("DerivationImageSequence") or ():
            for item in derivation.SourceImageSequence:
                if item.ReferencedSOPInstanceUID in drawn_on:  # frames of one slice share an item
                    item.update(drawn_on[item.ReferencedSOPInstanceUID].reference())
    instances = [source.reference() for source in first_of_files(sources)]
    for instance in instances:
        instance.pop("ReferencedFrameNumber", None)
    series: Any = Dataset()
    series.SeriesInstanceUID = sources[0].header.SeriesInstanceUID
    series.ReferencedInstanceSequence = instances
    seg.ReferencedSeriesSequence = [series]
    if "SourceImageSequence" in seg:
        seg.SourceImageSequence = instances
