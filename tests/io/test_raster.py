from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from samaritan.core import FormatError, Geometry, GeometryError, InputError, LabelMap
from samaritan.io import default_output_suffix, read_labels, read_volume, write_labels

RNG = np.random.default_rng(3)
GREY = RNG.integers(0, 256, (5, 7)).astype(np.uint8)  # (row, col): width 7, height 5
COLOUR = RNG.integers(0, 256, (5, 7, 3)).astype(np.uint8)
DEEP = RNG.integers(0, 65536, (5, 7)).astype(np.uint16)


def save(path: Path, pixels: NDArray[Any], mode: str | None = None, **options: Any) -> Path:
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


def png(path: Path, width: int, height: int, depth: int, kind: int, rows: list[bytes], extra: bytes = b"") -> Path:
    """A PNG written chunk by chunk, for what Pillow does not write."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", body) + chunk(b"IEND", b""))
    return path


def test_column_first_and_in_pixels(tmp_path: Path) -> None:
    volume = read_volume(save(tmp_path / "a.png", GREY))
    assert volume.data.shape == (7, 5, 1)
    assert np.array_equal(volume.data[:, :, 0], GREY.T)
    assert volume.geometry.unit == "px"
    assert np.array_equal(volume.geometry.affine, Geometry.pixels(7, 5).affine)
    assert volume.modality is None


def test_colour_and_depth(tmp_path: Path) -> None:
    colour = read_volume(save(tmp_path / "a.png", COLOUR))
    assert colour.data.shape == (7, 5, 1, 3)
    assert np.array_equal(colour.data[:, :, 0], COLOUR.swapaxes(0, 1))
    deep = read_volume(save(tmp_path / "b.png", DEEP))
    assert deep.data.dtype == np.uint16
    assert np.array_equal(deep.data[:, :, 0], DEEP.T)
    bmp = read_volume(save(tmp_path / "c.bmp", COLOUR))
    assert np.array_equal(bmp.data, colour.data)
    jpeg = read_volume(save(tmp_path / "d.jpg", np.full((8, 8, 3), 77, np.uint8)))
    assert np.abs(jpeg.data.astype(int) - 77).max() <= 1


def test_alpha_is_dropped_with_a_warning(tmp_path: Path) -> None:
    alpha = np.concatenate([COLOUR, COLOUR[..., :1]], axis=-1)
    volume = read_volume(save(tmp_path / "a.png", alpha))
    assert np.array_equal(volume.data[:, :, 0], COLOUR.swapaxes(0, 1))
    assert "alpha" in volume.meta["warnings"][0]
    grey = read_volume(save(tmp_path / "b.png", np.stack([GREY, GREY], axis=-1)))
    assert np.array_equal(grey.data[:, :, 0], GREY.T)
    assert "alpha" in grey.meta["warnings"][0]


def test_palette_is_colour_in_a_picture_and_numbers_in_a_mask(tmp_path: Path) -> None:
    indices = (GREY % 3).astype(np.uint8)
    image = Image.fromarray(indices, "L").convert("P")
    image.putdata(indices.ravel().tolist())
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 0, 255])
    image.save(tmp_path / "a.png")
    volume = read_volume(tmp_path / "a.png")
    table = np.array([[0, 0, 0], [255, 0, 0], [0, 0, 255]], np.uint8)
    assert np.array_equal(volume.data[:, :, 0], table[indices.T])
    assert np.array_equal(read_labels(tmp_path / "a.png").data[:, :, 0], indices.T)


@pytest.mark.parametrize(("depth", "row"), [(1, b"\xb0"), (2, b"\x1b"), (4, b"\x01\x2f")])
def test_few_grey_levels_stay_small_numbers_in_a_mask(depth: int, row: bytes, tmp_path: Path) -> None:
    width = 8 * len(row) // depth
    bits = np.unpackbits(np.frombuffer(row, np.uint8)).reshape(width, depth)
    values = bits @ (2 ** np.arange(depth)[::-1])
    path = png(tmp_path / "a.png", width, 1, depth, 0, [row])
    assert read_labels(path).data[:, 0, 0].tolist() == values.tolist()
    assert read_volume(path).data[:, 0, 0].tolist() == (values * 255 // (2**depth - 1)).tolist()


def test_sixteen_bits_per_colour(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 65536, (5, 7, 3)).astype(">u2")
    path = png(tmp_path / "a.png", 7, 5, 16, 2, [row.tobytes() for row in pixels])
    volume = read_volume(path)
    assert np.array_equal(volume.data[:, :, 0], (pixels >> 8).astype(np.uint8).swapaxes(0, 1))
    assert "16 bits" in volume.meta["warnings"][0]
    with pytest.raises(InputError, match="16 bits"):
        read_labels(path)


def test_masks(tmp_path: Path) -> None:
    same = np.repeat((GREY % 4)[..., None], 3, axis=-1)
    assert np.array_equal(read_labels(save(tmp_path / "a.png", same)).data[:, :, 0], GREY.T % 4)
    with pytest.raises(InputError, match="colour picture"):
        read_labels(save(tmp_path / "b.png", COLOUR))
    with pytest.raises(InputError, match="JPEG"):
        read_labels(save(tmp_path / "c.jpg", GREY))
    full = (GREY > 99) * np.uint8(255)
    assert read_labels(save(tmp_path / "d.png", full)).labels() == [255]
    assert read_labels(save(tmp_path / "e.png", GREY > 99)).labels() == [1]


def test_writing(tmp_path: Path) -> None:
    volume = read_volume(save(tmp_path / "a.jpg", GREY))
    assert default_output_suffix(tmp_path / "a.jpg") == ".png"
    labels = LabelMap((GREY.T[:, :, None] % 5).astype(np.uint32), volume.geometry)
    write_labels(labels, tmp_path / "m.png", like=volume)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "m.png")), GREY % 5)
    thick = LabelMap(np.ones((7, 5, 2), np.uint8), Geometry.from_spacing((7, 5, 2), (1, 1, 1)))
    with pytest.raises(GeometryError, match="one slice"):
        write_labels(thick, tmp_path / "t.png")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
def test_no_cut_goes_unnoticed(suffix: str, tmp_path: Path) -> None:
    path = save(tmp_path / f"a{suffix}", GREY)
    content = path.read_bytes()
    for cut in range(1, len(content) - (1 if suffix == ".png" else 0), 3):
        path.write_bytes(content[:cut])
        with pytest.raises(FormatError):
            read_volume(path)


def test_no_flipped_byte_gives_wrong_pixels(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", GREY)
    content = path.read_bytes()
    for at in range(8, len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x40]) + content[at + 1 :])
        try:
            volume = read_volume(path)
        except FormatError:
            continue
        assert np.array_equal(volume.data[:, :, 0], GREY.T)


def test_bombs(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="pixels"):
        read_volume(png(tmp_path / "a.png", 65500, 65500, 8, 0, [bytes(100)]))
    text = zlib.compress(bytes(200 * 2**20))
    data = b"Comment\0\0" + text
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    with pytest.raises(FormatError):
        read_volume(png(tmp_path / "b.png", 7, 5, 8, 0, [row.tobytes() for row in GREY], chunk))


def test_a_jpeg_named_png_is_read_and_said(tmp_path: Path) -> None:
    save(tmp_path / "a.jpg", GREY)
    path = (tmp_path / "a.jpg").rename(tmp_path / "a.png")
    assert "JPEG" in read_volume(path).meta["warnings"][0]


def test_exif_orientation_is_not_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    volume = read_volume(save(tmp_path / "a.jpg", GREY, exif=exif))
    assert volume.geometry.shape == (7, 5, 1)
    assert "orientation 6" in volume.meta["warnings"][0]


def test_cmyk_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="CMYK"):
        read_volume(save(tmp_path / "a.jpg", COLOUR, "CMYK"))
