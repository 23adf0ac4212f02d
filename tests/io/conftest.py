"""DICOM files and series made by code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

#: Row and column directions of series: axial, sagittal, coronal, turned, mirrored, and oblique in all three axes.
ORIENTATIONS: list[tuple[float, ...]] = [
    (1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 0, -1), (0.6, 0.8, 0, -0.8, 0.6, 0), (-1, 0, 0, 0, 0, 1),
    (0.36, 0.48, -0.8, -0.8, 0.6, 0),
]  # fmt: skip


def _dataset(pixels: NDArray[Any], **tags: Any) -> Any:
    """A CT slice (row, col[, 3]) or what ``tags`` make of it."""
    dataset: Any = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for name, value in {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": generate_uid(), "StudyInstanceUID": "1.2.3.4",
        "SeriesInstanceUID": "1.2.3.4.5", "FrameOfReferenceUID": "1.2.3.4.6", "SeriesNumber": 1, "Modality": "CT",
        "PatientName": "SECRET^NAME", "PatientID": "SECRET-ID", "PatientBirthDate": "19010203", "PatientSex": "O",
        "StudyDate": "20200101", "StudyTime": "101010", "StudyID": "1", "AccessionNumber": "SECRET-ACC",
        "ReferringPhysicianName": "", "InstanceNumber": 1, "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [-100.0, -50.0, 10.0], "PixelSpacing": [0.75, 0.5], "SliceThickness": 2.5,
        "Rows": pixels.shape[0], "Columns": pixels.shape[1], "SamplesPerPixel": 1 if pixels.ndim == 2 else 3,
        "PhotometricInterpretation": "MONOCHROME2" if pixels.ndim == 2 else "RGB",
        "BitsAllocated": 8 * pixels.dtype.itemsize, "BitsStored": 8 * pixels.dtype.itemsize,
        "HighBit": 8 * pixels.dtype.itemsize - 1, "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "RescaleSlope": 1, "RescaleIntercept": -1024, "WindowCenter": [40, 50], "WindowWidth": [400, 500],
        **({"PlanarConfiguration": 0} if pixels.ndim == 3 else {}), **tags,
    }.items():  # fmt: skip
        if value is not None:
            setattr(dataset, name, value)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.PixelData = pixels.tobytes()
    if "PixelData" in dataset:
        dataset["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else "OB"
    return dataset


def save_dicom_file(path: Path, pixels: NDArray[Any], **tags: Any) -> Path:
    """Save a CT slice (row, col[, 3]) or what ``tags`` make of it."""
    _dataset(pixels, **tags).save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def make_dataset() -> Callable[..., Any]:
    """``make_dataset(pixels (row, col[, 3]), **tags)`` -> a data set of pydicom."""
    return _dataset


@pytest.fixture
def save_dicom() -> Callable[..., Path]:
    """``save_dicom(path, pixels (row, col[, 3]), **tags)`` -> path."""
    return save_dicom_file


@pytest.fixture
def make_series(tmp_path: Path) -> Callable[..., Path]:
    """``make_series(data (i, j, k), orientation=..., step=..., change={number: tags})`` -> a folder, names shuffled."""

    def make(
        data: NDArray[Any], *, name: str = "series", orientation: tuple[float, ...] = (1, 0, 0, 0, 1, 0),
        step: float = 2.5, lean: tuple[float, ...] = (0, 0, 0), change: dict[int, dict[str, Any]] | None = None, **tags: Any,
    ) -> Path:  # fmt: skip
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        normal = np.cross(orientation[:3], orientation[3:])
        names = np.random.default_rng(4).permutation(data.shape[2])
        for k in range(data.shape[2]):
            position = np.array([-100.0, -50.0, 10.0]) + k * (step * normal + np.array(lean))
            own = {
                "ImageOrientationPatient": list(orientation), "ImagePositionPatient": [float(p) for p in position],
                "InstanceNumber": 1, **tags, **(change or {}).get(k, {}),
            }  # fmt: skip
            pixels = own.pop("pixels", np.ascontiguousarray(data[:, :, k].T))
            save_dicom_file(folder / f"{names[k]:03d}.dcm", pixels, **own)
        return folder

    return make
