from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from samaritan.core import Geometry, GeometryError, InputError, LabelMap, UsageError, Volume
from samaritan.io import read_labels, read_volume, source_format, write_labels

Make = Callable[..., Any]
DATA = np.random.default_rng(0).integers(0, 2000, (6, 5, 4)).astype(np.int16)


@pytest.fixture
def image(make_series: Make) -> Volume:
    return read_volume(make_series(DATA))


def some_labels(volume: Volume) -> LabelMap:
    data = np.zeros(volume.geometry.shape, np.uint16)
    data[1:3, 1:4, 0] = 5
    data[4:, 2:, -1] = 1000
    return LabelMap(data, volume.geometry, {5: "liver", 1000: "Läsion", 7: "absent"})


def test_values_names_grid_and_references_come_back(image: Volume, tmp_path: Path) -> None:
    labels = some_labels(image)
    write_labels(labels, tmp_path / "m.dcm", like=image)
    assert source_format(tmp_path / "m.dcm") == "dicom-seg"
    again = read_labels(tmp_path / "m.dcm")
    assert np.array_equal(again.data, labels.data)
    assert again.names == {5: "liver", 1000: "Läsion", 7: "absent"}
    assert again.geometry.mismatch(image.geometry, 1e-6) is None
    seg = pydicom.dcmread(tmp_path / "m.dcm")
    source = pydicom.dcmread(image.meta["files"][0])
    assert seg.FrameOfReferenceUID == source.FrameOfReferenceUID
    assert seg.StudyInstanceUID == source.StudyInstanceUID
    assert seg.PatientID == source.PatientID
    referenced = {
        i.ReferencedSOPInstanceUID for s in seg.ReferencedSeriesSequence for i in s.ReferencedInstanceSequence
    }
    assert referenced == {pydicom.dcmread(f).SOPInstanceUID for f in image.meta["files"]}
    assert seg.preamble == bytes(128)


def test_highdicom_and_simpleitk_see_the_same_voxels(image: Volume, tmp_path: Path) -> None:
    labels = some_labels(image)
    write_labels(labels, tmp_path / "m.dcm", like=image)
    volume = highdicom.seg.segread(tmp_path / "m.dcm").get_volume(segment_numbers=[1])
    places = np.argwhere(volume.array[..., 0])
    world = (np.c_[places, np.ones(len(places))] @ volume.affine.T)[:, :3] * (-1, -1, 1)
    ours = labels.geometry.to_world(np.argwhere(labels.data == 5))
    assert np.allclose(np.array(sorted(world.tolist())), np.array(sorted(ours.tolist())), atol=1e-5)
    frames = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "m.dcm")))
    assert int((frames > 0).sum()) == int((labels.data > 0).sum())


def test_a_single_slice_keeps_its_thickness(save_dicom: Make, tmp_path: Path) -> None:
    image = read_volume(save_dicom(tmp_path / "a.dcm", np.ascontiguousarray(DATA[:, :, 0].T)))
    labels = LabelMap((DATA[:, :, :1] > 900).astype(np.uint8), image.geometry)
    write_labels(labels, tmp_path / "m.dcm", like=image)
    again = read_labels(tmp_path / "m.dcm")
    assert np.array_equal(again.data, labels.data)
    assert again.geometry.mismatch(image.geometry, 1e-6) is None
    assert again.names == {1: "label_1"}


@pytest.mark.parametrize("spacing", [None, [0.75, 0.5]])
@pytest.mark.parametrize("colour", [False, True])
def test_pictures_without_a_place(spacing: Any, colour: bool, save_dicom: Make, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (5, 6, 3) if colour else (5, 6)).astype(np.uint8)
    tags = {"ImageOrientationPatient": None, "ImagePositionPatient": None, "PixelSpacing": spacing, "Modality": "US",
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.6.1", "SliceThickness": None, "PatientID": None}  # fmt: skip
    image = read_volume(save_dicom(tmp_path / "a.dcm", pixels, **tags))
    data = np.zeros((6, 5, 1), np.uint8)
    data[1:3, 0], data[4:, 3:] = 1, 2
    write_labels(LabelMap(data, image.geometry), tmp_path / "m.dcm", like=image)
    again = read_labels(tmp_path / "m.dcm", like=image)
    assert np.array_equal(again.data, data)
    assert again.geometry.unit == image.geometry.unit
    assert np.allclose(again.geometry.spacing, image.geometry.spacing)


def test_an_empty_mask(image: Volume, tmp_path: Path) -> None:
    labels = LabelMap(np.zeros(image.geometry.shape, np.uint8), image.geometry)
    write_labels(labels, tmp_path / "m.dcm", like=image)
    assert read_labels(tmp_path / "m.dcm").labels() == []


@pytest.mark.parametrize("filled", [[1], [1, 2], [0, 3]])
def test_a_mask_without_its_empty_frames_is_laid_onto_the_image(
    filled: list[int], image: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samaritan.io.dicom_seg._MAX_WITH_EMPTY_FRAMES", 0)
    data = np.zeros(image.geometry.shape, np.uint8)
    data[2:4, 1:3, filled] = 1
    write_labels(LabelMap(data, image.geometry), tmp_path / "m.dcm", like=image)
    assert pydicom.dcmread(tmp_path / "m.dcm").NumberOfFrames == len(filled)
    assert np.array_equal(read_labels(tmp_path / "m.dcm", like=image).data, data)
    moved = Geometry(image.geometry.shape, image.geometry.affine + np.eye(4, k=3) * 0.2)
    with pytest.raises(GeometryError, match=r"m\.dcm"):
        read_labels(tmp_path / "m.dcm", like=Volume(image.data, moved))
    far = Geometry((2, 2, 4), image.geometry.affine)
    with pytest.raises(GeometryError, match="outside"):
        read_labels(tmp_path / "m.dcm", like=Volume(image.data[:2, :2], far))


def test_overlap_fractions_and_images_are_refused_by_name(image: Volume, tmp_path: Path) -> None:
    path = tmp_path / "m.dcm"
    write_labels(some_labels(image), path, like=image)
    with pytest.raises(InputError, match="mask"):
        read_volume(path)
    seg = pydicom.dcmread(path)
    seg.SegmentationType = "FRACTIONAL"
    seg.save_as(path)
    with pytest.raises(InputError, match="FRACTIONAL"):
        read_labels(path)
    sources = [pydicom.dcmread(f) for f in image.meta["files"]]
    both = np.ones((4, 5, 6, 2), np.uint8)
    describe = [pydicom.dcmread(path).SegmentSequence[n] for n in (0, 1)]
    described = [highdicom.seg.SegmentDescription.from_dataset(d) for d in describe]
    for n, item in enumerate(described, 1):
        item.SegmentNumber = n
    overlapping = highdicom.seg.Segmentation(
        sources, both, "BINARY", described, highdicom.UID(), 2, highdicom.UID(), 1, "m", "m", "1", "1"
    )
    overlapping.save_as(path)
    with pytest.raises(InputError, match="overlap"):
        read_labels(path)


def test_only_for_dicom_sources(image: Volume, tmp_path: Path) -> None:
    labels = some_labels(image)
    with pytest.raises(UsageError, match="DICOM"):
        write_labels(labels, tmp_path / "m.dcm")
    with pytest.raises(UsageError, match="DICOM"):
        write_labels(labels, tmp_path / "m.dcm", like=Volume(image.data, image.geometry, meta={"format": "nifti"}))
    Path(image.meta["files"][1]).unlink()
    with pytest.raises(InputError, match="does not exist"):
        write_labels(labels, tmp_path / "m.dcm", like=image)
    assert not (tmp_path / "m.dcm").exists()


def test_an_error_quotes_no_patient_data(make_series: Make, tmp_path: Path) -> None:
    image = read_volume(make_series(DATA))
    for file in image.meta["files"]:
        content = Path(file).read_bytes()
        Path(file).write_bytes(content.replace(b"19010203", b"SECRETxx"))
    with pytest.raises(InputError, match="lacks") as caught:
        write_labels(some_labels(image), tmp_path / "m.dcm", like=image)
    assert "SECRET" not in str(caught.value)
    assert not (tmp_path / "m.dcm").exists()
