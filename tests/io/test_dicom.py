from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    MediaStorageDirectoryStorage,
    RLELossless,
)

from samaritan.core import FormatError, GeometryError, InputError, LabelMap, Volume
from samaritan.io import check_target, default_output_suffix, read_labels, read_volume, source_format, write_labels
from samaritan.io.dicom import patient_of, series_of

DATA = np.random.default_rng(0).integers(0, 2000, (6, 5, 4)).astype(np.int16)  # (i, j, k)
AXIAL = (1, 0, 0, 0, 1, 0)
Make = Callable[..., Any]


def slice_(k: int = 0) -> Any:
    return np.ascontiguousarray(DATA[:, :, k].T)


def only(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


# --- series -----------------------------------------------------------------------------------------------------------


def test_a_series_is_sorted_by_position_and_rescaled(make_series: Make) -> None:
    folder = make_series(DATA)
    volume = read_volume(folder)
    assert np.array_equal(volume.data, DATA - 1024)
    assert volume.data.dtype == np.int16
    expected = [[-0.5, 0, 0, 100], [0, -0.75, 0, 50], [0, 0, 2.5, 10], [0, 0, 0, 1]]
    assert np.allclose(volume.geometry.affine, np.array(expected))
    assert volume.modality == "CT"
    assert volume.meta["window"] == (40, 400)
    assert volume.meta["source"] == "series"
    assert source_format(folder) == "dicom"
    assert default_output_suffix(folder) == ".dcm"


@pytest.mark.parametrize(
    "orientation", [AXIAL, (0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 0, -1), (0.6, 0.8, 0, -0.8, 0.6, 0), (-1, 0, 0, 0, 0, 1)]
)
def test_simpleitk_agrees(orientation: tuple[float, ...], make_series: Make) -> None:
    folder = make_series(DATA, orientation=orientation)
    volume = read_volume(folder)
    toolkit: Any = sitk
    reader = toolkit.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    assert np.array_equal(sitk.GetArrayFromImage(image).transpose(2, 1, 0), volume.data)
    for ijk in np.ndindex(2, 2, 2):
        lps = np.array(image.TransformContinuousIndexToPhysicalPoint([float(n) for n in ijk]))
        assert np.allclose(lps * (-1, -1, 1), volume.geometry.to_world(ijk)[0], atol=1e-5)


def test_no_patient_data_in_meta(make_series: Make) -> None:
    volume = read_volume(make_series(DATA))
    assert "SECRET" not in repr(dict(volume.meta))
    assert "1901" not in repr(dict(volume.meta))


def test_gaps_duplicates_and_a_missing_end(make_series: Make) -> None:
    folder = make_series(DATA)
    by_position = [Path(f) for f in read_volume(folder).meta["files"]]
    content = by_position[1].read_bytes()
    by_position[1].unlink()
    with pytest.raises(GeometryError, match=f"5 mm between {by_position[0].name} and {by_position[2].name}"):
        read_volume(folder)
    by_position[1].write_bytes(content)
    (folder / "again.dcm").write_bytes(content)
    with pytest.raises(GeometryError, match="one place") as caught:
        read_volume(folder)
    assert by_position[1].name in str(caught.value)
    assert "again.dcm" in str(caught.value)
    (folder / "again.dcm").unlink()
    by_position[3].unlink()
    assert read_volume(folder).geometry.shape == (6, 5, 3)


@pytest.mark.parametrize(("jitter", "outcome"), [(0.001, "silent"), (0.01, "warning"), (0.05, "refused")])
def test_uneven_slices(jitter: float, outcome: str, make_series: Make) -> None:
    change = {2: {"ImagePositionPatient": [-100.0, -50.0, 15.0 + 2.5 * jitter]}}
    folder = make_series(DATA, change=change)
    if outcome == "refused":
        with pytest.raises(GeometryError, match="2 %"):
            read_volume(folder)
        return
    warnings = read_volume(folder).meta["warnings"]
    assert bool(warnings) == (outcome == "warning")


def test_gantry_tilt(make_series: Make) -> None:
    with pytest.raises(GeometryError, match=r"tilted.*10 degrees"):
        read_volume(make_series(DATA, lean=(0, 2.5 * np.tan(np.radians(10)), 0)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "localizer"),
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, "orientation"),
        ({"pixels": np.zeros((7, 6), np.int16)}, "rows or columns"),
        ({"PixelSpacing": [0.75, 0.6]}, "pixel spacing"),
    ],
)
def test_odd_files_are_named(change: dict[str, Any], message: str, make_series: Make) -> None:
    folder = make_series(DATA)
    odd = Path(read_volume(folder).meta["files"][2]).name
    make_series(DATA, change={2: change})
    with pytest.raises(GeometryError, match=message) as caught:
        read_volume(folder)
    assert odd in str(caught.value)


def test_images_without_a_place(make_series: Make) -> None:
    with pytest.raises(GeometryError, match="without a position"):
        read_volume(make_series(DATA, ImageOrientationPatient=None))


def test_several_series_need_a_choice(make_series: Make, save_dicom: Make) -> None:
    folder = make_series(DATA)
    save_dicom(folder / "other.dcm", slice_() + 5, SeriesInstanceUID="1.9", SeriesNumber=7, Modality="MR")
    with pytest.raises(InputError, match=r"2 series.*0 = CT, 4 files, 1\.2\.3\.4\.5; 1 = MR, 1 files, 1\.9"):
        read_volume(folder)
    assert np.array_equal(read_volume(folder, series="0").data, DATA - 1024)
    assert read_volume(folder, series="1.9").modality == "MR"
    assert read_volume(folder, series="1").geometry.shape == (6, 5, 1)
    with pytest.raises(InputError, match="no series '2'"):
        read_volume(folder, series="2")


def test_a_folder_without_images(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x" * 500)
    with pytest.raises(InputError, match="without DICOM images"):
        read_volume(tmp_path)


def test_what_else_lies_in_a_folder_is_left_alone(make_series: Make, tmp_path: Path) -> None:
    folder = make_series(DATA)
    (folder / "notes.txt").write_text("x" * 500)
    (folder / ".hidden.dcm").write_text("x" * 500)
    secret = tmp_path / "secret"
    secret.mkdir()
    (folder / "DICOMDIR").write_bytes(bytes(128) + b"DICM" + b"../secret" * 30)
    assert np.array_equal(read_volume(folder).data, DATA - 1024)
    (folder / "broken.dcm").write_text("x" * 500)
    with pytest.raises(FormatError, match="broken"):
        read_volume(folder)


def test_a_file_that_goes_away_meanwhile(make_series: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_series(DATA)

    def gone(*_: Any, **__: Any) -> Any:
        raise FileNotFoundError(2, "No such file")

    monkeypatch.setattr("samaritan.io.dicom.frame_values", gone)
    with pytest.raises(FormatError, match="No such file"):
        read_volume(folder)


# --- values -----------------------------------------------------------------------------------------------------------


def one(save: Make, tmp_path: Path, pixels: Any = None, **tags: Any) -> Volume:
    return read_volume(save(tmp_path / "a.dcm", slice_() if pixels is None else pixels, **tags))


def test_slope_per_slice(make_series: Make) -> None:
    slopes = [0.5, 1.25, 2.0, 0.1]
    change = {k: {"RescaleSlope": slope, "RescaleIntercept": 0} for k, slope in enumerate(slopes)}
    volume = read_volume(make_series(DATA, Modality="PT", change=change))
    assert np.allclose(volume.data, DATA * np.array(slopes), rtol=1e-6)
    assert volume.data.dtype == np.float32
    assert volume.modality == "PET"


def test_slope_absent_or_zero(save_dicom: Make, tmp_path: Path) -> None:
    volume = one(save_dicom, tmp_path, RescaleSlope=None, RescaleIntercept=None)
    assert np.array_equal(volume.data[:, :, 0], DATA[:, :, 0])
    with pytest.raises(InputError, match="slope 0"):
        one(save_dicom, tmp_path, RescaleSlope=0)


def test_monochrome1(save_dicom: Make, tmp_path: Path) -> None:
    pixels = slice_().astype(np.uint16)
    tags = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": 12, "HighBit": 11, "RescaleIntercept": 0}
    quantity = one(save_dicom, tmp_path, pixels, **tags)
    assert np.array_equal(quantity.data[:, :, 0], DATA[:, :, 0])
    picture = one(save_dicom, tmp_path, pixels, **tags, Modality="DX")
    assert np.array_equal(picture.data[:, :, 0], 4095 - DATA[:, :, 0])
    assert picture.meta["window"] == (4095 - 40, 400)
    assert picture.meta["inverted"] is True
    assert picture.modality == "X-ray"
    signed = one(save_dicom, tmp_path, **(tags | {"Modality": "DX", "BitsStored": 16, "HighBit": 15}))
    assert np.array_equal(signed.data[:, :, 0], -1 - DATA[:, :, 0])


def test_bits_and_padding(save_dicom: Make, tmp_path: Path) -> None:
    pixels = slice_()
    pixels[0, :3] = -2000
    volume = one(save_dicom, tmp_path, pixels, PixelPaddingValue=-2000)
    rest = pixels[pixels != -2000].min() - 1024
    assert volume.data[:3, 0, 0].tolist() == [rest] * 3
    assert np.array_equal(volume.data[3:, 0, 0], pixels[0, 3:] - 1024)
    overlay = (slice_() % 4096).astype(np.uint16) | 0x8000
    volume = one(save_dicom, tmp_path, overlay, BitsStored=12, HighBit=11, RescaleIntercept=0)
    assert np.array_equal(volume.data[:, :, 0], DATA[:, :, 0] % 4096)


def test_modality_lut(save_dicom: Make, tmp_path: Path) -> None:
    item = Dataset()
    item.LUTDescriptor, item.ModalityLUTType, item.LUTData = [4, 0, 16], "US", struct.pack("<4H", 10, 20, 40, 80)
    pixels = (slice_() % 4).astype(np.uint16)
    volume = one(save_dicom, tmp_path, pixels, ModalityLUTSequence=Sequence([item]), RescaleSlope=None)
    assert np.array_equal(volume.data[:, :, 0], np.array([10, 20, 40, 80])[pixels.T])


def test_colours(save_dicom: Make, tmp_path: Path) -> None:
    rgb = np.random.default_rng(2).integers(0, 255, (5, 6, 3)).astype(np.uint8)
    none = {"Modality": "US", "ImageOrientationPatient": None, "ImagePositionPatient": None, "PixelSpacing": None}
    volume = one(save_dicom, tmp_path, rgb, **none)
    assert np.array_equal(volume.data[:, :, 0], rgb.swapaxes(0, 1))
    assert volume.modality == "ultrasound"
    assert volume.geometry.unit == "px"
    assert "pixels" in volume.meta["warnings"][0]
    planes = np.ascontiguousarray(np.moveaxis(rgb, -1, 0))
    path = save_dicom(tmp_path / "p.dcm", rgb, **none, PlanarConfiguration=1)
    dataset = pydicom.dcmread(path)
    dataset.PixelData = planes.tobytes()
    dataset.save_as(path)
    assert np.array_equal(read_volume(path).data, volume.data)
    grey = np.repeat(rgb[..., :1], 3, axis=-1)
    ybr = grey.copy()
    ybr[..., 1:] = 128
    converted = one(save_dicom, tmp_path, ybr, **none, PhotometricInterpretation="YBR_FULL")
    assert np.abs(converted.data[:, :, 0].astype(int) - grey.swapaxes(0, 1)).max() <= 2


def test_palette(save_dicom: Make, tmp_path: Path) -> None:
    table = np.array([[0, 0, 0], [255, 10, 20], [30, 255, 40]], np.uint8)
    indices = (slice_() % 3).astype(np.uint8)
    tags: dict[str, Any] = {
        "PhotometricInterpretation": "PALETTE COLOR",
        "RescaleSlope": None,
        "RescaleIntercept": None,
    }
    for n, name in enumerate(("Red", "Green", "Blue")):
        tags[f"{name}PaletteColorLookupTableDescriptor"] = [3, 0, 16]
        tags[f"{name}PaletteColorLookupTableData"] = (table[:, n].astype("<u2") * 257).tobytes()
    volume = one(save_dicom, tmp_path, indices, **tags)
    assert np.array_equal(volume.data[:, :, 0], table[indices.T])


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_compressed(syntax: Any, make_dataset: Make, tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).integers(0, 2000, (64, 64)).astype(np.uint16)
    dataset = make_dataset(pixels)
    dataset.compress(RLELossless) if syntax == RLELossless else dataset.compress(syntax, encoding_plugin="pylibjpeg")
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert np.array_equal(read_volume(tmp_path / "a.dcm").data[:, :, 0], pixels.T.astype(int) - 1024)
    dataset.Rows = 640
    dataset.save_as(tmp_path / "b.dcm", enforce_file_format=True)
    with pytest.raises(InputError, match=r"b\.dcm"):
        read_volume(tmp_path / "b.dcm")


# --- frames and geometry ----------------------------------------------------------------------------------------------


def enhanced(make_dataset: Make, order: list[int]) -> Any:
    """An enhanced CT whose frames lie in ``order`` in the file."""
    dataset = make_dataset(slice_(), SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1", ImagePositionPatient=None)
    dataset.NumberOfFrames = len(order)
    dataset.PixelData = b"".join(slice_(k).tobytes() for k in order)
    for name in (
        "ImageOrientationPatient",
        "PixelSpacing",
        "RescaleSlope",
        "RescaleIntercept",
        "WindowCenter",
        "WindowWidth",
    ):
        del dataset[name]
    shared, own = Dataset(), []
    measures, plane = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.75, 0.5], 2.5
    plane.ImageOrientationPatient = list(AXIAL)
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([plane])
    for k in order:
        frame, position, values, voi = Dataset(), Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [-100.0, -50.0, 10 + 2.5 * k]
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = 1 + k, -1024, "HU"
        voi.WindowCenter, voi.WindowWidth = 40, 400
        frame.PlanePositionSequence = Sequence([position])
        frame.PixelValueTransformationSequence, frame.FrameVOILUTSequence = Sequence([values]), Sequence([voi])
        own.append(frame)
    dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence = Sequence([shared]), Sequence(own)
    return dataset


def test_enhanced_multi_frame_in_any_order(make_dataset: Make, tmp_path: Path) -> None:
    enhanced(make_dataset, [2, 0, 3, 1]).save_as(tmp_path / "a.dcm", enforce_file_format=True)
    for path in (tmp_path / "a.dcm", tmp_path):
        volume = read_volume(path)
        assert np.array_equal(volume.data, DATA.astype(int) * (1, 2, 3, 4) - 1024)
        assert np.allclose(np.diag(volume.geometry.affine), (-0.5, -0.75, 2.5, 1))
        assert volume.meta["frames"] == [1, 3, 0, 2]
        assert volume.meta["window"] == (40, 400)


def test_enhanced_files_with_several_volumes(make_dataset: Make, tmp_path: Path) -> None:
    """Two stacks in other directions; two times told apart by dimensions, by time, or by the order of frames alone."""
    path = tmp_path / "a.dcm"

    def saved(change: Callable[[int, Any], None], *, pointers: tuple[int, ...] = ()) -> Path:
        dataset = enhanced(make_dataset, [2, 0, 1, 3])
        for number, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            frame.FrameContentSequence = Sequence([Dataset()])
            change(number, frame)
        dataset.DimensionIndexSequence = Sequence([Dataset() for _ in pointers])
        for item, pointer in zip(dataset.DimensionIndexSequence, pointers, strict=True):
            item.DimensionIndexPointer = pointer
        dataset.save_as(path, enforce_file_format=True)
        return path

    def turned(number: int, frame: Any) -> None:
        if number in (1, 3):  # frames of slices 0 and 3 lie sagittally, 7.5 mm apart
            frame.PlaneOrientationSequence = Sequence([Dataset()])
            frame.PlaneOrientationSequence[0].ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
            frame.PlanePositionSequence[0].ImagePositionPatient = [float(-10 * number), 0.0, 0.0]

    with pytest.raises(GeometryError, match=r"2 volumes \(0 = stack 0, 2 slices; 1 = stack 1, 2 slices\); choose"):
        read_volume(saved(turned))
    assert np.array_equal(read_volume(path, volume=0).data, DATA[..., 1:3].astype(int) * (2, 3) - 1024)
    sagittal = read_volume(path, volume=1)
    assert np.array_equal(sagittal.data, DATA[..., [0, 3]].astype(int) * (1, 4) - 1024)
    assert sagittal.geometry.orientation == "PIR"
    with pytest.raises(GeometryError, match="no volume 2"):
        read_volume(tmp_path, volume=2)

    def at_time(number: int, frame: Any) -> None:
        frame.PlanePositionSequence[0].ImagePositionPatient = [-100.0, -50.0, 10 + 2.5 * (number // 2)]

    def by_dimension(number: int, frame: Any) -> None:  # the later time first in the file
        at_time(number, frame)
        frame.FrameContentSequence[0].DimensionIndexValues = [2 - number % 2, 1 + number // 2]

    def by_time(number: int, frame: Any) -> None:
        at_time(number, frame)
        frame.FrameContentSequence[0].TemporalPositionIndex = 2 - number % 2

    values = DATA[..., [2, 0, 1, 3]].astype(int) * (3, 1, 2, 4) - 1024
    for change, pointers, first in (
        (by_dimension, (0x00209128, 0x00200032), [1, 3]), (by_time, (), [1, 3]), (at_time, (), [0, 2]),
    ):  # fmt: skip
        with pytest.raises(GeometryError, match=r"2 volumes \(0 = repeat 0, 2 slices"):
            read_volume(saved(change, pointers=pointers))
        volume = read_volume(path, volume=0)
        assert np.array_equal(volume.data, values[..., first])
        assert volume.meta["frames"] == first


def test_a_mask_of_an_enhanced_file_names_its_frames(make_dataset: Make, tmp_path: Path) -> None:
    dataset = enhanced(make_dataset, [2, 0, 3, 1])
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    image = read_volume(tmp_path / "a.dcm")
    data = np.zeros(image.geometry.shape, np.uint8)
    data[1:4, 1:4, 1:3], data[4, 4, 3] = 1, 2
    labels = LabelMap(data, image.geometry, {1: "liver", 2: "cyst"})
    for name in ("m.dcm", "m.rtstruct.dcm"):
        write_labels(labels, tmp_path / name, like=image)
        assert np.array_equal(read_labels(tmp_path / name, like=image).data, data)
    seg, contours = pydicom.dcmread(tmp_path / "m.dcm"), pydicom.dcmread(tmp_path / "m.rtstruct.dcm")
    groups = seg.PerFrameFunctionalGroupsSequence
    sources = [group.DerivationImageSequence[0].SourceImageSequence[0] for group in groups]
    heights = [float(group.PlanePositionSequence[0].ImagePositionPatient[2]) for group in groups]
    pairs = sorted(zip(heights, (int(source.ReferencedFrameNumber) for source in sources), strict=True))
    assert pairs == [(12.5, 4), (15.0, 1), (17.5, 3)]  # slices 1, 2 and 3 in the file's own order of frames
    assert {source.ReferencedSOPInstanceUID for source in sources} == {dataset.SOPInstanceUID}
    drawn = [c.ContourImageSequence[0] for r in contours.ROIContourSequence for c in r.ContourSequence]
    assert [item.ReferencedFrameNumber for item in drawn] == [4, 1, 3]
    (series,) = seg.ReferencedSeriesSequence
    assert [i.ReferencedSOPInstanceUID for i in series.ReferencedInstanceSequence] == [dataset.SOPInstanceUID]


def test_a_cine_loop_needs_a_choice(make_dataset: Make, tmp_path: Path) -> None:
    dataset = make_dataset(slice_(), ImageOrientationPatient=None, ImagePositionPatient=None, Modality="US")
    dataset.NumberOfFrames = 4
    dataset.PixelData = b"".join(slice_(k).tobytes() for k in range(4))
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    with pytest.raises(GeometryError, match=r"4 frames; choose one with volume=0 to volume=3"):
        read_volume(tmp_path / "a.dcm")
    assert np.array_equal(read_volume(tmp_path / "a.dcm", volume=2).data[:, :, 0], DATA[:, :, 2] - 1024)


@pytest.mark.parametrize("colour", [False, True])
def test_a_mask_of_one_frame_of_a_loop_names_that_frame(colour: bool, make_dataset: Make, tmp_path: Path) -> None:
    """An ultrasound loop: no place in a patient, several frames, grey or colour."""
    loop = np.random.default_rng(1).integers(0, 255, (3, 5, 8, *((3,) if colour else ()))).astype(np.uint8)
    none = {"ImageOrientationPatient": None, "ImagePositionPatient": None, "PixelSpacing": None, "SliceThickness": None}
    dataset = make_dataset(
        loop[0], **none, Modality="US", SOPClassUID="1.2.840.10008.5.1.4.1.1.3.1", FrameOfReferenceUID=None,
        NumberOfFrames=3, RescaleSlope=None, RescaleIntercept=None,
    )  # fmt: skip
    dataset.PixelData = loop.tobytes()
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    image = read_volume(tmp_path / "a.dcm", volume=1)
    assert np.array_equal(image.data[:, :, 0], loop[1].swapaxes(0, 1))
    assert image.meta["placed"] is False
    labels = LabelMap((np.arange(40).reshape(8, 5, 1) % 3).astype(np.uint8), image.geometry, {1: "cyst", 2: "fat"})
    write_labels(labels, tmp_path / "m.dcm", like=image)
    assert np.array_equal(read_labels(tmp_path / "m.dcm", like=image).data, labels.data)
    seg = pydicom.dcmread(tmp_path / "m.dcm")
    for group in seg.PerFrameFunctionalGroupsSequence:
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        assert (source.ReferencedSOPInstanceUID, int(source.ReferencedFrameNumber)) == (dataset.SOPInstanceUID, 2)
        assert source.ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.3.1"
    assert check_target("m.png", image) == []
    assert "few viewers" in check_target("m.dcm", image)[0]
    with pytest.raises(InputError, match="no place in a frame of reference"):
        check_target("m.rtstruct.dcm", image)


def test_single_slices_and_projections(save_dicom: Make, tmp_path: Path) -> None:
    assert one(save_dicom, tmp_path).geometry.spacing == (0.5, 0.75, 2.5)
    flat: dict[str, Any] = {"ImageOrientationPatient": None, "ImagePositionPatient": None, "Modality": "DX"}
    volume = one(save_dicom, tmp_path, **flat)
    assert (volume.geometry.unit, volume.geometry.spacing) == ("mm", (0.5, 0.75, 2.5))
    detector = one(save_dicom, tmp_path, **flat, PixelSpacing=None, ImagerPixelSpacing=[0.3, 0.2])
    assert detector.geometry.spacing[:2] == (0.2, 0.3)
    assert "detector" in detector.meta["warnings"][0]
    known = one(
        save_dicom, tmp_path, **flat, PixelSpacing=None, ImagerPixelSpacing=[0.3, 0.2],
        EstimatedRadiographicMagnificationFactor=2,
    )  # fmt: skip
    assert np.allclose(known.geometry.spacing[:2], (0.1, 0.15))
    assert one(save_dicom, tmp_path, **flat, PixelSpacing=None).geometry.unit == "px"


@pytest.mark.parametrize(
    ("code", "name"),
    [("MR", "MR"), ("US", "ultrasound"), ("MG", "mammography"), ("CR", "X-ray"), ("OPT", "OCT"), ("OP", "fundus"),
     ("ES", "endoscopy"), ("SM", "histopathology"), ("OT", None)],
)  # fmt: skip
def test_modalities(code: str, name: str | None, save_dicom: Make, tmp_path: Path) -> None:
    assert one(save_dicom, tmp_path, Modality=code).modality == name


# --- damaged and hostile files ----------------------------------------------------------------------------------------


def test_every_cut_is_seen(save_dicom: Make, tmp_path: Path) -> None:
    path = save_dicom(tmp_path / "a.dcm", slice_())
    content = path.read_bytes()
    for cut in [*range(1, len(content), 13), len(content) - 1]:
        path.write_bytes(content[:cut])
        with pytest.raises(InputError, match=r"a\.dcm"):
            read_volume(path)


def test_declared_sizes_and_nesting(save_dicom: Make, tmp_path: Path) -> None:
    path = save_dicom(tmp_path / "a.dcm", slice_())
    content = path.read_bytes()
    pixels = content.index(struct.pack("<HH", 0x7FE0, 0x0010))
    path.write_bytes(content[:pixels] + b"\x09\x00\x10\x10OB\0\0\xfe\xff\xff\xff" + content[pixels:])
    with pytest.raises(InputError, match=r"a\.dcm"):
        read_volume(path)
    item = b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    path.write_bytes(content[:pixels] + item * 3000)
    with pytest.raises(FormatError):
        read_volume(path)


def test_pixels_end_before_their_declared_length(save_dicom: Make, tmp_path: Path) -> None:
    path = save_dicom(tmp_path / "a.dcm", slice_())
    content = bytearray(path.read_bytes())
    length = content.index(struct.pack("<HH", 0x7FE0, 0x0010)) + 8
    content[length : length + 4] = b"\xf0\xff\xff\xff"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"a\.dcm.* declares 4294967280 bytes of pixels and holds 60"):
        read_volume(path)


@pytest.mark.parametrize("count", [2_000_000_000, -3])
def test_more_frames_than_the_file_has_room_for(count: int, save_dicom: Make, tmp_path: Path) -> None:
    path = save_dicom(tmp_path / "a.dcm", slice_(), NumberOfFrames=count)
    with pytest.raises(FormatError, match=f"declares {count} frames"):
        read_volume(path)


def test_a_damaged_header_does_not_spill_into_messages(save_dicom: Make, tmp_path: Path) -> None:
    path = save_dicom(tmp_path / "a.dcm", slice_())
    content = bytearray(path.read_bytes())
    length = content.index(b"\x08\x00\x60\x00CS") + 6
    content[length : length + 2] = b"\xf0\x7f"  # Modality now swallows the patient's name and the image
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_volume(path)
    assert "SECRET" not in str(caught.value)


def test_deflated(make_dataset: Make, tmp_path: Path) -> None:
    dataset = make_dataset(slice_())
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    path = tmp_path / "a.dcm"
    dataset.save_as(path, enforce_file_format=True)
    assert np.array_equal(read_volume(path).data[:, :, 0], DATA[:, :, 0] - 1024)
    content = path.read_bytes()
    start = 144 + int.from_bytes(content[140:144], "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(b"\x08\x00\x05\x00UN\0\0\xff\xff\xff\x7f") + packer.compress(bytes(2**27)) + packer.flush()
    path.write_bytes(content[:start] + bomb)
    with pytest.raises(FormatError, match="expand beyond"):
        read_volume(path)


def test_old_files_odd_names_and_preambles(make_dataset: Make, tmp_path: Path) -> None:
    dataset = make_dataset(slice_())
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    content = (tmp_path / "a.dcm").read_bytes()
    (tmp_path / "IM.1.2.3").write_bytes(content)
    assert source_format(tmp_path / "IM.1.2.3") == "dicom"
    (tmp_path / "mz.dcm").write_bytes(b"MZ" + content[2:])
    assert "program" in read_volume(tmp_path / "mz.dcm").meta["warnings"][0]
    bare = make_dataset(slice_())
    bare.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    with (tmp_path / "old.dcm").open("wb") as file:
        pydicom.dcmwrite(file, bare, implicit_vr=True, little_endian=True, enforce_file_format=True)
    whole = (tmp_path / "old.dcm").read_bytes()
    start = 144 + int.from_bytes(whole[140:144], "little")
    (tmp_path / "old.dcm").write_bytes(whole[start:])
    assert np.array_equal(read_volume(tmp_path / "old.dcm").data[:, :, 0], DATA[:, :, 0] - 1024)


def test_objects_without_an_image(save_dicom: Make, tmp_path: Path) -> None:
    path = save_dicom(tmp_path / "a.dcm", slice_(), Modality="SR")
    dataset = pydicom.dcmread(path)
    del dataset.Rows
    dataset.save_as(path)
    with pytest.raises(InputError, match="without an image"):
        read_volume(path)
    dataset.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    dataset.save_as(path)
    with pytest.raises(InputError, match="DICOMDIR"):
        read_volume(path)


def test_which_series_and_whose(make_series: Make, save_dicom: Make, tmp_path: Path) -> None:
    folder = make_series(np.zeros((4, 5, 2), np.int16), SeriesInstanceUID="1.2.3", PatientID="Doe")
    first, second = sorted(folder.iterdir())
    assert series_of(first) == series_of(second) == "1.2.3"
    assert patient_of(first, b"a") == patient_of(second, b"a")
    assert patient_of(first, b"a") != patient_of(first, b"b")
    other = save_dicom(tmp_path / "o.dcm", slice_(), PatientID="")
    assert patient_of(other, b"a") is None
    report = save_dicom(tmp_path / "r.dcm", slice_(), SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4")
    assert series_of(report) is None
    (tmp_path / "x.dcm").write_text("<html>")
    with pytest.raises(FormatError, match="is no DICOM file"):
        series_of(tmp_path / "x.dcm")
