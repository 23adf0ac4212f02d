from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from samaritan.core import (
    ABNORMAL,
    ANATOMY,
    UNKNOWN,
    Code,
    Geometry,
    GeometryError,
    InputError,
    LabelMap,
    Term,
    UsageError,
    Volume,
)
from samaritan.io import holds_overlaps, read_labels, read_volume, source_format, write_labels
from samaritan.io._terms import named_term

from .conftest import ORIENTATIONS

Make = Callable[..., Any]
# ITK loses the last bits of a SEG whose number of pixels is no multiple of 8
DATA = np.random.default_rng(0).integers(0, 2000, (8, 6, 4)).astype(np.int16)


@pytest.fixture
def image(make_series: Make) -> Volume:
    return read_volume(make_series(DATA))


def some_labels(volume: Volume) -> LabelMap:
    data = np.zeros(volume.geometry.shape, np.uint16)
    data[1:3, 1:4, 0] = 5
    data[4:6, 2:, -1] = 1000
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


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_highdicom_and_simpleitk_see_the_same_voxels(
    orientation: tuple[float, ...], make_series: Make, tmp_path: Path
) -> None:
    image = read_volume(make_series(DATA, orientation=orientation))
    labels = some_labels(image)
    write_labels(labels, tmp_path / "m.dcm", like=image)
    for number, value in enumerate((5, 7, 1000), 1):
        volume = highdicom.seg.segread(tmp_path / "m.dcm").get_volume(segment_numbers=[number])
        places = np.argwhere(volume.array[..., 0])
        world = (np.c_[places, np.ones(len(places))] @ volume.affine.T)[:, :3] * (-1, -1, 1)
        voxels = labels.geometry.to_voxel(world) if len(places) else np.empty((0, 3))
        assert np.allclose(voxels, np.rint(voxels), atol=1e-5)
        assert {tuple(v) for v in np.rint(voxels).astype(int)} == {tuple(v) for v in np.argwhere(labels.data == value)}
    frames = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "m.dcm")))
    assert np.array_equal(frames > 0, [labels.data[:, :, 0].T == 5, labels.data[:, :, -1].T == 1000])


def test_every_frame_names_the_image_it_was_drawn_on(image: Volume, tmp_path: Path) -> None:
    labels = some_labels(image)
    write_labels(labels, tmp_path / "m.dcm", like=image)
    seg = pydicom.dcmread(tmp_path / "m.dcm")
    drawn_on = {}
    for groups in seg.PerFrameFunctionalGroupsSequence:
        (source,) = groups.DerivationImageSequence[0].SourceImageSequence
        assert "ReferencedFrameNumber" not in source
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        drawn_on[int(number)] = source.ReferencedSOPInstanceUID
    first, *_, last = (pydicom.dcmread(f).SOPInstanceUID for f in image.meta["files"])
    assert drawn_on == {1: first, 3: last}
    assert seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices == 2.5


def test_codes_and_colours(image: Volume, tmp_path: Path) -> None:
    data = np.zeros(image.geometry.shape, np.uint8)
    data[1, 1, 1], data[2, 2, 1], data[3, 3, 1], data[4, 4, 1] = 1, 2, 3, 4
    given = Term(ABNORMAL, Code("X7", "99LAB", "Node seven"))
    names = {1: "kidney_left", 2: "lung tumour", 3: "thing", 4: "liver"}
    write_labels(LabelMap(data, image.geometry, names, {4: given}), tmp_path / "m.dcm", like=image)
    left, tumour, thing, node = highdicom.seg.segread(tmp_path / "m.dcm").SegmentSequence
    side = left.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence[0]
    assert (left.segmented_property_type.value, side.CodeMeaning) == ("64033007", "Left")
    assert left.segmented_property_category.value == ANATOMY.value
    assert (tumour.segmented_property_type.value, tumour.anatomic_regions[0].meaning) == ("108369006", "Lung")
    assert thing.segmented_property_type.meaning == "Tissue"
    assert node.segmented_property_type.scheme_designator == "99LAB"
    assert [item.SegmentAlgorithmType for item in (left, node)] == ["SEMIAUTOMATIC"] * 2
    assert len({tuple(item.RecommendedDisplayCIELabValue) for item in (left, tumour, thing, node)}) == 4
    again = read_labels(tmp_path / "m.dcm", like=image)
    assert again.terms == {1: named_term("kidney_left"), 2: named_term("lung tumour"), 3: UNKNOWN, 4: given}
    assert again.names == names


def test_targets_that_overlap_lie_in_one_file(image: Volume, tmp_path: Path) -> None:
    masks = np.zeros((2, *image.geometry.shape), np.uint16)
    masks[0, 1:6, 1:4, 1:3], masks[1, 3:7, 2:5, 2] = 1, 300
    maps = [LabelMap(masks[0], image.geometry, {1: "liver"}), LabelMap(masks[1], image.geometry, {300: "lesion"})]
    path = tmp_path / "m.dcm"
    assert holds_overlaps(path)
    write_labels(maps, path, like=image)
    seg = highdicom.seg.segread(path)
    assert (seg.SegmentsOverlap, seg.NumberOfFrames) == ("YES", 3)
    for number, mask in enumerate(masks, 1):
        volume = seg.get_volume(segment_numbers=[number], combine_segments=False)
        assert int(volume.array.sum()) == int((mask > 0).sum())
    with pytest.raises(InputError, match="overlap"):
        read_labels(path)
    apart = [maps[0], LabelMap(masks[1] * (masks[0] == 0), image.geometry, {300: "lesion"})]
    write_labels(apart, path, like=image, overwrite=True)
    assert np.array_equal(read_labels(path, like=image).data, np.where(masks[0] > 0, 1, masks[1]))
    with pytest.raises(UsageError, match="several files"):
        write_labels(maps, tmp_path / "m.nii.gz", like=image)
    assert not holds_overlaps("m.nii.gz")


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


@pytest.mark.parametrize("filled", [[1], [1, 2], [0, 3], [0, 1, 3]])
def test_a_mask_without_its_empty_frames_is_laid_onto_the_image(
    filled: list[int], image: Volume, tmp_path: Path
) -> None:
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
    both = np.ones((4, 6, 8, 2), np.uint8)
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
