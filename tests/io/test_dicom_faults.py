"""DICOM files that bend the standard, carry something else, or belong to somebody: rows D13 to D15 and D17."""

from __future__ import annotations

import struct
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRBigEndian, JPEG2000Lossless, RLELossless

from samaritan.core import FormatError, InputError, LabelMap, SamaritanError
from samaritan.io import read_labels, read_volume, write_labels

Make = Callable[..., Any]
DATA = np.random.default_rng(0).integers(0, 2000, (8, 6, 3)).astype(np.int16)


def slice_(k: int = 0) -> Any:
    return np.ascontiguousarray(DATA[:, :, k].T)


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Every path that is opened while the test runs."""
    paths: list[str] = []
    listening = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if listening and event == "open" and isinstance(arguments[0], str):
            paths.append(arguments[0])

    sys.addaudithook(hook)
    yield paths
    listening = False


@pytest.mark.parametrize("how", ["relative", "absolute", "link"])
def test_what_a_dicomdir_names_is_never_opened(how: str, make_series: Make, tmp_path: Path, opened: list[str]) -> None:
    folder = make_series(DATA)
    secret = tmp_path / "secret.dcm"
    secret.write_bytes(b"not for us")
    name = {"relative": "..\\secret.dcm", "absolute": str(secret), "link": "link.dcm"}[how]
    record: Any = pydicom.Dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no such name is allowed in a file
        record.ReferencedFileID, record.DirectoryRecordType = name, "IMAGE"
    index: Any = pydicom.Dataset()
    index.file_meta = pydicom.dataset.FileMetaDataset()
    index.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    index.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    index.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    index.DirectoryRecordSequence = [record]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        index.save_as(folder / "DICOMDIR", enforce_file_format=True)
    opened.clear()
    assert np.array_equal(read_volume(folder).data, DATA - 1024)
    with pytest.raises(InputError, match="DICOMDIR"):
        read_volume(folder / "DICOMDIR")
    assert str(secret) not in opened
    if (
        how == "link"
    ):  # a link among the slices is a file of the folder like any other: read, and refused for what it is
        (folder / "link.dcm").symlink_to(secret)
        with pytest.raises(FormatError, match=r"link\.dcm is no DICOM file"):
            read_volume(folder)


def test_names_that_are_not_ascii_and_private_elements(make_dataset: Make, tmp_path: Path) -> None:
    dataset = make_dataset(slice_(), SpecificCharacterSet="ISO_IR 192", PatientName="Дмитрий^Zoë")
    dataset.add_new(0x00091001, "LO", "private")
    dataset.add_new(0x00090010, "LO", "SOMEBODY")
    path = tmp_path / "Schädel 頭.dcm"
    dataset.save_as(path, enforce_file_format=True)
    image = read_volume(path)
    assert np.array_equal(image.data[:, :, 0], DATA[:, :, 0] - 1024)
    for name in ("m.dcm", "m.rtstruct.dcm"):
        write_labels(LabelMap((image.data > 0).astype(np.uint8), image.geometry), tmp_path / name, like=image)
        assert str(pydicom.dcmread(tmp_path / name).PatientName) == "Дмитрий^Zoë"
        assert 0x00091001 not in pydicom.dcmread(tmp_path / name)


def test_big_endian_and_missing_meta_elements(make_dataset: Make, tmp_path: Path) -> None:
    dataset = make_dataset(slice_().astype(">i2"))
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.save_as(tmp_path / "big.dcm", implicit_vr=False, little_endian=False, enforce_file_format=True)
    assert np.array_equal(read_volume(tmp_path / "big.dcm").data[:, :, 0], DATA[:, :, 0] - 1024)
    dataset = make_dataset(slice_())
    dataset.save_as(tmp_path / "whole.dcm", enforce_file_format=True)
    content = (tmp_path / "whole.dcm").read_bytes()
    syntax = content.index(b"\x02\x00\x10\x00UI")
    length = 8 + int.from_bytes(content[syntax + 6 : syntax + 8], "little")
    total = int.from_bytes(content[140:144], "little") - length
    bare = content[:140] + struct.pack("<I", total) + content[144:syntax] + content[syntax + length :]
    (tmp_path / "no-syntax.dcm").write_bytes(bare)
    assert np.array_equal(read_volume(tmp_path / "no-syntax.dcm").data[:, :, 0], DATA[:, :, 0] - 1024)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", JPEG2000Lossless, RLELossless, "1.2.3.4.5"])
def test_a_wrong_transfer_syntax_is_refused_or_read_right(syntax: str, make_dataset: Make, tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    make_dataset(slice_()).save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    old = content.index(b"1.2.840.10008.1.2.1\0")
    name = syntax.encode().ljust(20, b"\0")
    if len(name) > 20:
        at, total = old - 2, int.from_bytes(content[140:144], "little")
        name += b"\0" * (len(name) % 2)
        content = (
            content[:140] + struct.pack("<I", total + len(name) - 20) + content[144:at] + struct.pack("<H", len(name))
            + name + content[old + 20 :]
        )  # fmt: skip
    else:
        content = content[:old] + name + content[old + 20 :]
    path.write_bytes(content)
    try:
        values = read_volume(path).data[:, :, 0]
    except InputError as error:
        assert "a.dcm" in str(error)  # noqa: PT017 - both outcomes are right
        assert "SECRET" not in str(error)  # noqa: PT017
    else:
        assert np.array_equal(values, DATA[:, :, 0] - 1024)


@pytest.mark.parametrize(
    ("tag", "change"),
    [
        (b"\x08\x00\x60\x00CS", b"\x08\x00\x60\x00QQ"),  # no such VR
        (b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x10\x00US\x03\x00"),  # an odd length
        (b"\x28\x00\x30\x00DS", b"\x28\x00\x30\x00SQ"),  # a number that claims to be a sequence
    ],
)
def test_bent_elements_are_read_right_or_refused(tag: bytes, change: bytes, make_dataset: Make, tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    make_dataset(slice_()).save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    assert content.count(tag) == 1
    path.write_bytes(content.replace(tag, change))
    try:
        values = read_volume(path).data[:, :, 0]
    except InputError as error:
        assert "a.dcm" in str(error)  # noqa: PT017
        assert "SECRET" not in str(error)  # noqa: PT017
    else:
        assert np.array_equal(values, DATA[:, :, 0] - 1024)


@pytest.mark.parametrize("program", [b"MZ\x90\0", b"\x7fELF\x02", b"#!/bin/sh\n"])
def test_a_preamble_that_is_a_program_is_named_and_never_copied(
    program: bytes, make_dataset: Make, tmp_path: Path
) -> None:
    path = tmp_path / "a.dcm"
    make_dataset(slice_()).save_as(path, enforce_file_format=True)
    path.write_bytes(program + path.read_bytes()[len(program) :])
    image = read_volume(path)
    assert np.array_equal(image.data[:, :, 0], DATA[:, :, 0] - 1024)
    assert "begins like a program" in image.meta["warnings"][0]
    for name in ("m.dcm", "m.rtstruct.dcm", "m.nii.gz"):
        write_labels(LabelMap((image.data > 0).astype(np.uint8), image.geometry), tmp_path / name, like=image)
        assert program not in (tmp_path / name).read_bytes()


def test_masks_keep_of_the_patient_what_dicom_demands_and_nothing_else(make_series: Make, tmp_path: Path) -> None:
    private = {"InstitutionName": "SECRET-CLINIC", "OperatorsName": "SECRET^OPERATOR", "PatientAddress": "SECRET-STREET",
               "PatientComments": "SECRET-NOTE", "OtherPatientIDs": "SECRET-OTHER"}  # fmt: skip
    image = read_volume(make_series(DATA, **private))
    labels = LabelMap((image.data > 0).astype(np.uint8), image.geometry, {1: "liver"})
    for name in ("m.dcm", "m.rtstruct.dcm"):
        write_labels(labels, tmp_path / name, like=image)
        kept = {e.keyword for e in pydicom.dcmread(tmp_path / name).iterall() if "SECRET" in str(e.value)}
        assert kept == {"PatientName", "PatientID", "AccessionNumber"}
    for name in ("m.nii.gz", "m.nrrd", "m.mha"):
        write_labels(labels, tmp_path / name, like=image)
        assert b"SECRET" not in (tmp_path / name).read_bytes()


def test_damage_of_a_seg_is_a_sentence_without_patient_data(make_series: Make, tmp_path: Path) -> None:
    image = read_volume(make_series(DATA))
    path = tmp_path / "m.dcm"
    write_labels(LabelMap((image.data > 0).astype(np.uint8), image.geometry), path, like=image)
    content, noise, messages = path.read_bytes(), np.random.default_rng(5), list[str]()
    for _ in range(80):
        damaged = bytearray(content)
        for at in noise.integers(144, len(content), 6):
            damaged[at] = int(noise.integers(256))
        path.write_bytes(damaged[: int(noise.integers(150, len(content)))])
        try:
            read_labels(path, like=image)
        except SamaritanError as error:
            messages.append(str(error))
    assert len(messages) > 20
    assert all("m.dcm" in message and "SECRET" not in message for message in messages)


def test_a_compressed_seg_is_decoded_in_the_child(make_series: Make, tmp_path: Path) -> None:
    import highdicom  # only to write a LABELMAP, which we do not

    image = read_volume(make_series(DATA))
    sources = [pydicom.dcmread(file) for file in image.meta["files"]]
    labels = (image.data > 0).astype(np.uint8)
    write_labels(LabelMap(labels, image.geometry, {1: "liver"}), tmp_path / "m.dcm", like=image)
    (described,) = highdicom.seg.segread(tmp_path / "m.dcm").SegmentSequence
    seg = highdicom.seg.Segmentation(
        sources, labels.transpose(2, 1, 0), "LABELMAP", [described], highdicom.UID(), 2, highdicom.UID(), 1, "m", "m", "1",
        "1", transfer_syntax_uid=RLELossless,
    )  # fmt: skip
    seg.save_as(tmp_path / "r.dcm")
    again = read_labels(tmp_path / "r.dcm", like=image)
    assert np.array_equal(again.data, labels)
    assert again.names == {1: "liver"}
