"""What every file format has to keep, over the whole registry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samaritan.core import (
    FormatError,
    Geometry,
    GeometryError,
    InputError,
    LabelMap,
    ResourceError,
    SamaritanError,
    UsageError,
)
from samaritan.io import (
    FORMATS,
    check_head,
    default_output_suffix,
    read_labels,
    read_volume,
    source_format,
    write_labels,
)

SUFFIXES = sorted({suffix for name in FORMATS.names() for suffix in FORMATS.get(name).suffixes})
WRITABLE = sorted(
    {suffix for name in FORMATS.names() for suffix in FORMATS.get(name).write_suffixes if not name.startswith("dicom")}
)
FLAT = (".png", ".tif", ".tiff")

FAKES = {
    "HTML": b"<!DOCTYPE html><html><body>404</body></html>" * 20,
    "text": b"this is not an image\n" * 40,
    "ZIP": b"PK\x03\x04" + bytes(600),
    "PDF": b"%PDF-1.7\n" + bytes(600),
    "FITS": b"SIMPLE  =                    T" + b" " * 600,
    "Photoshop": b"8BPS\0\1" + bytes(600),
}


def picture(suffix: str) -> LabelMap:
    shape = (6, 5, 1) if suffix in FLAT else (6, 5, 4)
    data = np.random.default_rng(1).integers(0, 3, shape).astype(np.uint8)
    return LabelMap(data, Geometry.pixels(6, 5) if suffix in FLAT else Geometry.from_spacing(shape, (1, 2, 3)))


def test_every_format_declares_itself() -> None:
    assert FORMATS.names() == ["dicom", "dicom-rtstruct", "dicom-seg", "metaimage", "nifti", "nrrd", "raster", "tiff"]
    for name in FORMATS.names():
        format_ = FORMATS.get(name)
        assert format_.mask_suffix.startswith(".")
        assert all(s.startswith(".") and s == s.lower() for s in (*format_.suffixes, *format_.write_suffixes))


@pytest.mark.parametrize("suffix", WRITABLE)
def test_labels_come_back(suffix: str, tmp_path: Path) -> None:
    labelmap = picture(suffix)
    path = tmp_path / f"mask{suffix}"
    write_labels(labelmap, path)
    again = read_labels(path)
    assert again.data.dtype == np.uint8
    assert np.array_equal(again.data, labelmap.data)
    assert again.geometry.mismatch(labelmap.geometry) is None
    assert default_output_suffix(path) in (suffix, ".nii.gz", ".tif")
    assert FORMATS.get(source_format(path)).claims(path)


@pytest.mark.parametrize("suffix", WRITABLE)
def test_a_head_is_refused_where_the_whole_is(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"mask{suffix}"
    write_labels(picture(suffix), path)
    check_head(path)
    path.write_bytes(FAKES["HTML"] + path.read_bytes())
    with pytest.raises(FormatError) as whole:
        read_volume(path)
    with pytest.raises(FormatError) as head:
        check_head(path)
    assert str(head.value) == str(whole.value)


@pytest.mark.parametrize("suffix", WRITABLE)
@pytest.mark.parametrize("largest", [255, 256, 65535, 65536])
def test_the_smallest_type_that_holds_the_labels(suffix: str, largest: int, tmp_path: Path) -> None:
    labelmap = picture(suffix)
    data = labelmap.data.astype(np.uint64) * (largest // 2)
    data.flat[0] = largest
    path = tmp_path / f"mask{suffix}"
    if suffix in FLAT and largest > 65535:
        with pytest.raises(InputError, match="65535"):
            write_labels(LabelMap(data, labelmap.geometry), path)
        assert not list(tmp_path.iterdir())
        return
    write_labels(LabelMap(data, labelmap.geometry), path)
    again = read_labels(path)
    assert np.array_equal(again.data, data)
    assert again.data.dtype == np.min_scalar_type(largest)


@pytest.mark.parametrize("suffix", WRITABLE)
def test_the_image_itself_and_existing_files_are_kept(suffix: str, tmp_path: Path) -> None:
    labelmap = picture(suffix)
    path = tmp_path / f"mask{suffix}"
    write_labels(labelmap, path)
    before = path.read_bytes()
    with pytest.raises(ResourceError, match="exists already"):
        write_labels(labelmap, path)
    with pytest.raises(UsageError, match="image itself"):
        write_labels(labelmap, path, like=read_volume(path), overwrite=True)
    assert path.read_bytes() == before
    write_labels(LabelMap(labelmap.data * 0, labelmap.geometry), path, overwrite=True)
    assert read_labels(path).labels() == []


@pytest.mark.parametrize("suffix", WRITABLE)
def test_a_failing_disk_leaves_nothing(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match="No space left"):
        write_labels(picture(suffix), tmp_path / f"mask{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", WRITABLE)
def test_a_file_in_place_of_the_folder(suffix: str, tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("x")
    with pytest.raises(ResourceError):
        write_labels(picture(suffix), tmp_path / "folder" / f"mask{suffix}")


@pytest.mark.parametrize("suffix", WRITABLE)
def test_another_grid_is_refused(suffix: str, tmp_path: Path) -> None:
    labelmap = picture(suffix)
    path = tmp_path / f"image{suffix}"
    write_labels(labelmap, path)
    wrong = LabelMap(np.zeros((6, 4, 1), np.uint8), Geometry.pixels(6, 4))
    with pytest.raises(GeometryError, match="shape"):
        write_labels(wrong, tmp_path / f"mask{suffix}", like=read_volume(path))
    write_labels(wrong, tmp_path / "other.png")
    with pytest.raises(GeometryError, match="shape"):
        read_labels(tmp_path / "other.png", like=read_volume(path))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_empty_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"image{suffix}"
    path.touch()
    for read in (read_volume, read_labels):
        with pytest.raises(FormatError, match="empty file"):
            read(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("fake", FAKES)
def test_something_else_under_this_name(suffix: str, fake: str, tmp_path: Path) -> None:
    path = tmp_path / f"image{suffix}"
    for other in (".hdr", ".img"):
        (tmp_path / f"image{other}").write_bytes(FAKES[fake])
    path.write_bytes(FAKES[fake])
    with pytest.raises(FormatError, match=fake) as caught:
        read_volume(path)
    assert "image" in str(caught.value)


@pytest.mark.parametrize("suffix", [s for s in WRITABLE if s != ".nii"])
def test_a_picture_under_the_name_of_a_volume(suffix: str, tmp_path: Path) -> None:
    png = tmp_path / "mask.png"
    write_labels(picture(".png"), png)
    for wrong in {".dcm", ".nii.gz", ".nrrd", ".mha", ".tif"} - {suffix}:
        path = png.rename(tmp_path / f"image{wrong}")
        with pytest.raises(FormatError, match="PNG picture"):
            read_volume(path)
        path.rename(png)


@pytest.mark.parametrize("suffix", WRITABLE)
@pytest.mark.parametrize("fraction", [0.02, 0.2, 0.5, 0.8, 0.97])
def test_truncation(suffix: str, fraction: float, tmp_path: Path) -> None:
    path = tmp_path / f"mask{suffix}"
    write_labels(picture(suffix), path)
    content = path.read_bytes()
    for cut in {max(1, int(len(content) * fraction)), len(content) - 1 if suffix not in FLAT else len(content) // 2}:
        path.write_bytes(content[:cut])
        with pytest.raises(InputError, match="mask"):
            read_labels(path)


@pytest.mark.parametrize("suffix", WRITABLE)
def test_random_damage_gives_labels_or_a_typed_error(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"mask{suffix}"
    write_labels(picture(suffix), path)
    content = path.read_bytes()
    generator, messages = np.random.default_rng(7), set()
    for _ in range(60):
        damaged = bytearray(content)
        for at in generator.integers(0, len(content), 3):
            damaged[at] = int(generator.integers(256))
        path.write_bytes(damaged)
        try:
            read_volume(path)
        except SamaritanError as error:
            messages.add(str(error))
    assert all("mask" in message for message in messages)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_paths_that_are_no_files(suffix: str, tmp_path: Path) -> None:
    cases: dict[str, tuple[str, Any]] = {
        "missing": ("does not exist", lambda p: None),
        "dangling": ("does not exist", lambda p: p.symlink_to(tmp_path / "nowhere")),
        "loop": ("leads back", lambda p: p.symlink_to(p)),
        "pipe": ("pipe", os.mkfifo),
        "device": ("device", lambda p: p.symlink_to("/dev/zero")),
        "folder": ("folder", lambda p: p.mkdir()),
    }
    for name, (message, make) in cases.items():
        path = tmp_path / f"{name}{suffix}"
        make(path)
        for read in (read_volume, read_labels):
            with pytest.raises(InputError, match=message):
                read(path)


@pytest.mark.parametrize("name", ["with space", "new\nline", 'it\'s "quoted"', "-dash", "ü€😀שלום", "x" * 240])
def test_names(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.nii.gz"
    write_labels(picture(".nii.gz"), path)
    assert read_labels(path).labels() == [1, 2]


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.png"))
    write_labels(picture(".png"), path)
    assert read_labels(path).labels() == [1, 2]
    with pytest.raises(InputError):
        read_volume(f"{tmp_path}/nul\0.png")


def test_unknown_endings(tmp_path: Path) -> None:
    path = tmp_path / "image.xyz"
    path.write_bytes(b"%PDF-1.4 " + bytes(300))
    with pytest.raises(FormatError, match="PDF"):
        read_volume(path)
    with pytest.raises(UsageError, match=r"\.nii\.gz"):
        write_labels(picture(".nii"), tmp_path / "mask.xyz")
    with pytest.raises(UsageError, match=r"end the name"):
        write_labels(picture(".png"), tmp_path / "mask.jpg")
    with pytest.raises(UsageError, match="series"):
        read_volume(_written(tmp_path), series="0")


def _written(folder: Path) -> Path:
    write_labels(picture(".nii"), folder / "mask.nii")
    return folder / "mask.nii"
