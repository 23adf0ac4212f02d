from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from matplotlib.path import Path as Curve
from numpy.typing import NDArray

from samaritan.core import FormatError, Geometry, GeometryError, InputError, LabelMap, UsageError, Volume
from samaritan.core.colour import PALETTE
from samaritan.io import holds_overlaps, read_labels, read_volume, source_format, write_labels

from .conftest import ORIENTATIONS

Make = Callable[..., Any]
SHAPE = (40, 32, 4)
DATA = np.random.default_rng(0).integers(0, 2000, SHAPE).astype(np.int16)


def organs(volume: Volume) -> LabelMap:
    """A shell with a hole in it, a ball in two pieces, and a name without voxels."""
    i, j, k = np.indices(volume.geometry.shape)
    data = np.zeros(volume.geometry.shape, np.uint8)
    apart = np.hypot(i - 14, j - 15)
    data[(apart < 12) & (apart > 4) & (k < 3)] = 5
    data[(np.hypot(i - 33, j - 8) < 6) & (k > 0)] = 2
    data[(np.hypot(i - 33, j - 25) < 5.5) & (k == 2)] = 2
    return LabelMap(data, volume.geometry, {5: "Liver", 2: "Lung tumour", 9: "absent"})


def contours(path: Path) -> dict[int, list[Any]]:
    return {
        int(c.ReferencedROINumber): list(c.get("ContourSequence", ())) for c in pydicom.dcmread(path).ROIContourSequence
    }


def on_its_image(contour: Any, headers: dict[str, Any]) -> tuple[str, NDArray[np.float64]]:
    """The instance that a contour refers to, and its corners (column, row) there, by the equation of C.7.6.2.1.1."""
    uid = contour.ContourImageSequence[0].ReferencedSOPInstanceUID
    header = headers[uid]
    across, down = np.array(header.ImageOrientationPatient, float).reshape(2, 3)
    offset = np.array(contour.ContourData, float).reshape(-1, 3) - np.array(header.ImagePositionPatient, float)
    assert np.abs(offset @ np.cross(across, down)).max() < 1e-4
    row_step, column_step = map(float, header.PixelSpacing)
    return uid, np.column_stack([offset @ across / column_step, offset @ down / row_step])


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_contours_hold_the_mask_by_arithmetic_of_our_own(
    orientation: tuple[float, ...], make_series: Make, tmp_path: Path
) -> None:
    image = read_volume(make_series(DATA, orientation=orientation))
    labels = organs(image)
    write_labels(labels, tmp_path / "m.rtstruct.dcm", like=image)
    headers = {(h := pydicom.dcmread(f, stop_before_pixels=True)).SOPInstanceUID: h for f in image.meta["files"]}
    slice_of = {pydicom.dcmread(f).SOPInstanceUID: k for k, f in enumerate(image.meta["files"])}
    centres = np.argwhere(np.ones(SHAPE[:2], bool))
    for value in (2, 5):
        drawn, square_mm = np.zeros(SHAPE, bool), 0.0
        for contour in contours(tmp_path / "m.rtstruct.dcm")[value]:
            uid, corners = on_its_image(contour, headers)
            assert int(contour.NumberOfContourPoints) == len(corners)
            assert contour.ContourGeometricType == "CLOSED_PLANAR"
            inside = Curve(np.vstack([corners, corners[:1]]), closed=True).contains_points(centres)
            drawn[:, :, slice_of[uid]] |= inside.reshape(SHAPE[:2])
            x, y = (corners * (0.5, 0.75)).T
            square_mm += abs(float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))) / 2
        assert np.array_equal(drawn, labels.data == value)
        assert square_mm == pytest.approx((labels.data == value).sum() * 0.5 * 0.75, rel=0.01)
    assert contours(tmp_path / "m.rtstruct.dcm")[9] == []


def test_labels_come_back_with_numbers_and_names(make_series: Make, tmp_path: Path) -> None:
    image = read_volume(make_series(DATA, orientation=ORIENTATIONS[-1]))
    labels = organs(image)
    path = tmp_path / "m.RTSTRUCT.dcm"
    write_labels(labels, path, like=image)
    assert source_format(path) == "dicom-rtstruct"
    again = read_labels(path, like=image)
    assert np.array_equal(again.data, labels.data)
    assert again.names == labels.names
    nifti = tmp_path / "i.nii.gz"  # any grid through the same planes will do
    write_labels(LabelMap(image.data.astype(np.uint16), image.geometry), nifti)
    assert np.array_equal(read_labels(path, like=read_volume(nifti)).data, labels.data)


def test_what_the_standard_wants_to_be_there(make_series: Make, tmp_path: Path) -> None:
    image = read_volume(make_series(DATA))
    write_labels(organs(image), tmp_path / "m.rtstruct.dcm", like=image)
    found = pydicom.dcmread(tmp_path / "m.rtstruct.dcm")
    source = pydicom.dcmread(image.meta["files"][0])
    assert found.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2"
    assert (found.Modality, found.StudyInstanceUID, found.PatientID) == ("RTSTRUCT", "1.2.3.4", source.PatientID)
    assert found.SeriesInstanceUID != source.SeriesInstanceUID
    (frame,) = found.ReferencedFrameOfReferenceSequence
    assert frame.FrameOfReferenceUID == found.FrameOfReferenceUID == source.FrameOfReferenceUID
    (series,) = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    assert series.SeriesInstanceUID == source.SeriesInstanceUID
    uids = [pydicom.dcmread(f).SOPInstanceUID for f in image.meta["files"]]
    assert [item.ReferencedSOPInstanceUID for item in series.ContourImageSequence] == uids
    assert [int(item.ROINumber) for item in found.StructureSetROISequence] == [2, 5, 9]
    assert [item.ReferencedFrameOfReferenceUID for item in found.StructureSetROISequence] == ["1.2.3.4.6"] * 3
    assert [tuple(item.ROIDisplayColor) for item in found.ROIContourSequence] == list(PALETTE[:3])
    tumour, liver, absent = found.RTROIObservationsSequence
    assert (liver.RTROIInterpretedType, tumour.RTROIInterpretedType) == ("ORGAN", "")
    assert liver.RTROIIdentificationCodeSequence[0].CodeValue == "10200004"
    assert tumour.RTROIIdentificationCodeSequence[0].CodeValue == "108369006"
    assert "RTROIIdentificationCodeSequence" not in absent


def test_structures_may_overlap_and_are_then_refused_as_labels(make_series: Make, tmp_path: Path) -> None:
    image = read_volume(make_series(DATA))
    whole, part = np.zeros((2, *SHAPE), np.uint8)
    whole[5:30, 5:20, 1], part[10:20, 8:25, 1] = 1, 2
    maps = [LabelMap(whole, image.geometry, {1: "liver"}), LabelMap(part, image.geometry, {2: "lesion"})]
    path = tmp_path / "m.rtstruct.dcm"
    assert holds_overlaps(path)
    write_labels(maps, path, like=image)
    assert {n: len(found) for n, found in contours(path).items()} == {1: 1, 2: 1}
    with pytest.raises(InputError, match="'lesion' and 'liver' overlap"):
        read_labels(path, like=image)


def test_refused(make_series: Make, save_dicom: Make, tmp_path: Path) -> None:
    image = read_volume(make_series(DATA))
    labels = organs(image)
    path = tmp_path / "m.rtstruct.dcm"
    with pytest.raises(UsageError, match="RTSTRUCT refers"):
        write_labels(labels, path)
    write_labels(labels, path, like=image)
    with pytest.raises(InputError, match="together with its image"):
        read_labels(path)
    with pytest.raises(InputError, match="holds contours; give the image"):
        read_volume(path)
    between = image.geometry.affine.copy()
    between[2, 3] += 1.25
    with pytest.raises(GeometryError, match="not lie on a slice"):
        read_labels(path, like=Volume(image.data, Geometry(SHAPE, between)))
    with pytest.raises(GeometryError, match="outside"):
        read_labels(path, like=Volume(image.data[:, :, :1], Geometry((40, 32, 1), image.geometry.affine)))
    other = read_volume(save_dicom(tmp_path / "o.dcm", DATA[:, :, 0].T.copy(), FrameOfReferenceUID="1.9"))
    with pytest.raises(InputError, match=r"m\.rtstruct\.dcm: its contours lie in another frame of reference"):
        read_labels(path, like=replace(image, meta={**image.meta, "files": other.meta["files"]}))


@pytest.mark.parametrize("lost", ["FrameOfReferenceUID", "StudyInstanceUID"])
def test_a_source_without_a_frame_of_reference(lost: str, make_series: Make, tmp_path: Path) -> None:
    image = read_volume(make_series(DATA, **{lost: None}))
    with pytest.raises(InputError, match="cannot be placed in the patient") as caught:
        write_labels(organs(image), tmp_path / "m.rtstruct.dcm", like=image)
    assert "SECRET" not in str(caught.value)
    assert not (tmp_path / "m.rtstruct.dcm").exists()


def test_damage_is_a_sentence(make_series: Make, tmp_path: Path) -> None:
    image = read_volume(make_series(DATA))
    path = tmp_path / "m.rtstruct.dcm"
    write_labels(organs(image), path, like=image)
    content, noise, messages = path.read_bytes(), np.random.default_rng(3), list[str]()
    for _ in range(60):
        damaged = bytearray(content)
        for at in noise.integers(400, len(content), 6):
            damaged[at] = int(noise.integers(256))
        path.write_bytes(damaged[: int(noise.integers(300, len(content)))])
        try:
            read_labels(path, like=image)
        except InputError as error:
            messages.append(str(error))
    assert all("m.rtstruct.dcm" in message and "SECRET" not in message for message in messages)
    for keyword, value, message in (
        ("ContourData", ["1", "2", "3"], "1 corners"),
        ("ReferencedROINumber", 0, "begin at 1"),
    ):
        path.write_bytes(content)
        dataset = pydicom.dcmread(path)
        where = dataset.ROIContourSequence[0]
        setattr(where.ContourSequence[0] if keyword == "ContourData" else where, keyword, value)
        dataset.save_as(path)
        with pytest.raises(InputError, match=message):
            read_labels(path, like=image)
    path.write_bytes(content)
    dataset = pydicom.dcmread(path)
    del dataset.ROIContourSequence[-1].ReferencedROINumber  # it comes last, so a file that was cut off has none
    dataset.save_as(path)
    with pytest.raises(FormatError, match="it ends in the middle of a structure's contours"):
        read_labels(path, like=image)
