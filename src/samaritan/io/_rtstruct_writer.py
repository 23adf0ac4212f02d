"""Writing DICOM RTSTRUCT (PS3.3, A.19) with pydicom."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import ABNORMAL, ANATOMY, UNKNOWN, Code, Geometry, InputError, LabelMap, Volume
from samaritan.core.colour import colour_of
from samaritan.io._base import one_line, read_faults
from samaritan.io._dicom_source import CARRIED, SourceSlice, first_of_files, missing, source_slices
from samaritan.io._lps import lps_from_affine
from samaritan.io._rings import rings_of
from samaritan.io._terms import term_of

_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
_CONTOUR_DATA = 0x30060050
_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"  # retired, and still what planning systems expect for a study


def write_rtstruct(parts: Sequence[LabelMap], path: Path, like: Volume | None) -> None:
    """Write label maps on one grid, which may overlap each other, as the structures of one file.

    Raises:
        UsageError: ``like`` did not come from DICOM.
        InputError: the source has no frame of reference, or its header is unusable.
    """
    sources = source_slices(like, "An RTSTRUCT")
    header = sources[0].header
    lacking = list(missing(header, ("FrameOfReferenceUID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")))
    if lacking:
        raise InputError(
            f"{sources[0].plane.path} has no {' and no '.join(lacking)}, so contours cannot be placed in the patient; "
            "write .png or .nii.gz."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = _head(header)
            dataset.ReferencedFrameOfReferenceSequence = [_frame_of_reference(sources)]
            _add_structures(dataset, parts, sources)
        except read_faults() as error:
            raise InputError(
                f"The header of {sources[0].plane.path} lacks what an RTSTRUCT needs ({one_line(error)}); write .nii.gz."
            ) from error
        dataset.save_as(path, implicit_vr=True, little_endian=True, enforce_file_format=True)


def _head(header: Any) -> Any:
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ImplicitVRLittleEndian, generate_uid

    dataset: Any = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    for name in CARRIED:
        setattr(dataset, name, header.get(name, ""))
    now = datetime.datetime.now(datetime.UTC).astimezone()
    for name, value in {
        "SOPClassUID": _CLASS, "SOPInstanceUID": generate_uid(), "Modality": "RTSTRUCT", "SeriesInstanceUID": generate_uid(),
        "SeriesNumber": 101, "SeriesDescription": "Contours by samaritan", "OperatorsName": "", "Manufacturer": "samaritan",
        "ManufacturerModelName": "samaritan", "SoftwareVersions": version("samaritan"), "InstanceNumber": 1,
        "InstanceCreationDate": f"{now:%Y%m%d}", "InstanceCreationTime": f"{now:%H%M%S}",
        "StructureSetLabel": "samaritan", "StructureSetDate": f"{now:%Y%m%d}", "StructureSetTime": f"{now:%H%M%S}",
        "ApprovalStatus": "UNAPPROVED",
    }.items():  # fmt: skip
        setattr(dataset, name, value)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def _frame_of_reference(sources: Sequence[SourceSlice]) -> Any:
    header = sources[0].header
    series = _item(
        SeriesInstanceUID=header.SeriesInstanceUID,
        ContourImageSequence=[
            _item(ReferencedSOPClassUID=s.header.SOPClassUID, ReferencedSOPInstanceUID=s.header.SOPInstanceUID)
            for s in first_of_files(sources)
        ],
    )
    study = _item(
        ReferencedSOPClassUID=_STUDY_CLASS,
        ReferencedSOPInstanceUID=header.StudyInstanceUID,
        RTReferencedSeriesSequence=[series],
    )
    return _item(FrameOfReferenceUID=header.FrameOfReferenceUID, RTReferencedStudySequence=[study])


def _add_structures(dataset: Any, parts: Sequence[LabelMap], sources: Sequence[SourceSlice]) -> None:
    structures: list[Any] = []
    contours: list[Any] = []
    observations: list[Any] = []
    for part in parts:
        drawn = _contours(part, sources)
        for value in sorted({*drawn, *(n for n in part.names if n)}):
            curves = {"ContourSequence": drawn[value]} if value in drawn else {}
            colour = list(colour_of(len(contours)))
            contours.append(_item(ReferencedROINumber=value, ROIDisplayColor=colour, **curves))
            observations.append(_observation(len(contours), value, part))
            structures.append(_item(
                ROINumber=value, ReferencedFrameOfReferenceUID=dataset.FrameOfReferenceUID,
                ROIName=part.name(value)[:64], ROIGenerationAlgorithm="SEMIAUTOMATIC",
            ))  # fmt: skip
    dataset.StructureSetROISequence = structures
    dataset.ROIContourSequence = contours
    dataset.RTROIObservationsSequence = observations


def _contours(part: LabelMap, sources: Sequence[SourceSlice]) -> dict[int, list[Any]]:
    """Label value -> its contours; every slice is looked at once, and each label only where it is."""
    from scipy.ndimage import find_objects

    drawn: dict[int, list[Any]] = {}
    for k, source in enumerate(sources):
        values, numbers = np.unique(part.data[:, :, k], return_inverse=True)
        numbers = numbers.reshape(part.data.shape[:2])  # the position of each pixel's value among the sorted ones
        for number, where in enumerate(find_objects(numbers + 1)):
            value = int(values[number])
            if not value or where is None:
                continue
            corner = (where[0].start, where[1].start)
            for ring in rings_of(numbers[where] == number):
                found = drawn.setdefault(value, [])
                found.append(_contour(ring + corner, k, source, part.geometry, len(found) + 1))
    return drawn


def _contour(ring: NDArray[np.float64], k: int, source: SourceSlice, geometry: Geometry, number: int) -> Any:
    item = _item(
        ContourImageSequence=[source.reference()], ContourGeometricType="CLOSED_PLANAR", ContourNumber=number,
        NumberOfContourPoints=len(ring),
    )  # fmt: skip
    item[_CONTOUR_DATA] = _decimals(_in_patient(ring, k, geometry))
    return item


def _decimals(values: NDArray[np.float64]) -> Any:
    """Numbers of a DS element as they lie in the file; pydicom, asked to look at each of them, takes most of the time."""
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    text = "\\".join(f"{value:.6f}" for value in values).encode()
    text += b" " * (len(text) % 2)
    return RawDataElement(Tag(_CONTOUR_DATA), "DS", len(text), text, 0, True, True)


def _in_patient(ring: NDArray[np.float64], k: int, geometry: Geometry) -> NDArray[np.float64]:
    """Corners (i, j) on slice k -> x, y, z of one after the other, LPS mm."""
    steps, origin = lps_from_affine(geometry.affine)
    return np.asarray((np.column_stack([ring, np.full(len(ring), k)]) @ steps.T + origin).ravel())


def _observation(number: int, value: int, part: LabelMap) -> Any:
    term = term_of(part, value)
    kind = {ANATOMY: "ORGAN"}.get(term.category, "")
    known: dict[str, Any] = {}
    if term != UNKNOWN and term.category in (ANATOMY, ABNORMAL):
        known["RTROIIdentificationCodeSequence"] = [_code(term.type)]
    return _item(
        ObservationNumber=number, ReferencedROINumber=value, RTROIInterpretedType=kind, ROIInterpreter="", **known
    )


def _code(code: Code) -> Any:
    return _item(CodeValue=code.value, CodingSchemeDesignator=code.scheme, CodeMeaning=code.meaning)


def _item(**elements: Any) -> Any:
    from pydicom import Dataset

    item = Dataset()
    for name, value in elements.items():
        setattr(item, name, value)
    return item
