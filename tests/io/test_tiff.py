from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from samaritan.core import FormatError, GeometryError, InputError
from samaritan.io import read_labels, read_volume

RNG = np.random.default_rng(3)
GREY = RNG.integers(0, 256, (5, 7)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (5, 7, 3)).astype(np.uint8)


@pytest.mark.parametrize("kind", ["u1", "u2", "<f4", ">u2", "i2"])
def test_grey(kind: str, tmp_path: Path) -> None:
    pixels = (GREY.astype(float) * 100 - (3000 if kind == "i2" else 0) if kind != "u1" else GREY).astype(kind)
    tifffile.imwrite(tmp_path / "a.tif", pixels, byteorder=">" if kind[0] == ">" else "<")
    volume = read_volume(tmp_path / "a.tif")
    assert np.array_equal(volume.data[:, :, 0], pixels.T)
    assert volume.data.dtype.isnative
    assert volume.geometry.unit == "px"


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("depth", [8, 16])
def test_colour(planar: str, depth: int, tmp_path: Path) -> None:
    pixels = COLOUR if depth == 8 else COLOUR.astype(np.uint16) * 256 + 7
    stored = pixels if planar == "contig" else np.moveaxis(pixels, -1, 0)
    tifffile.imwrite(tmp_path / "a.tiff", stored, photometric="rgb", planarconfig=planar)
    volume = read_volume(tmp_path / "a.tiff")
    assert np.array_equal(volume.data[:, :, 0], COLOUR.swapaxes(0, 1))
    assert bool(volume.meta["warnings"]) == (depth == 16)


def test_alpha(tmp_path: Path) -> None:
    rgba = np.concatenate([COLOUR, COLOUR[..., :1]], axis=-1)
    tifffile.imwrite(tmp_path / "a.tif", rgba, photometric="rgb", extrasamples=["unassalpha"])
    volume = read_volume(tmp_path / "a.tif")
    assert np.array_equal(volume.data[:, :, 0], COLOUR.swapaxes(0, 1))
    assert "alpha" in volume.meta["warnings"][0]


@pytest.mark.parametrize("codec", ["tiff_lzw", "tiff_deflate", "packbits", "tiff_adobe_deflate"])
@pytest.mark.parametrize("mode", ["L", "RGB", "I;16", "1"])
def test_lossless_codecs(codec: str, mode: str, tmp_path: Path) -> None:
    kinds: dict[str, Any] = {"L": GREY, "RGB": COLOUR, "I;16": GREY.astype(np.uint16) * 257, "1": GREY > 99}
    pixels = kinds[mode]
    Image.fromarray(pixels).save(tmp_path / "a.tif", compression=codec)
    data = read_volume(tmp_path / "a.tif").data[:, :, 0]
    assert np.array_equal(data, pixels.swapaxes(0, 1))
    if mode != "RGB":
        assert np.array_equal(read_labels(tmp_path / "a.tif").data[:, :, 0], pixels.T)


def test_palette_and_inverted_grey(tmp_path: Path) -> None:
    colours = np.zeros((3, 256), np.uint16)
    colours[0, 1], colours[2, 2] = 65535, 32768
    tifffile.imwrite(tmp_path / "p.tif", GREY % 3, photometric="palette", colormap=colours)
    expected = np.array([[0, 0, 0], [255, 0, 0], [0, 0, 128]])[GREY.T % 3]
    assert np.array_equal(read_volume(tmp_path / "p.tif").data[:, :, 0], expected)
    assert np.array_equal(read_labels(tmp_path / "p.tif").data[:, :, 0], GREY.T % 3)
    tifffile.imwrite(tmp_path / "w.tif", GREY, photometric="miniswhite")
    assert np.array_equal(read_volume(tmp_path / "w.tif").data[:, :, 0], 255 - GREY.T)


def test_several_pages_need_a_choice(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.stack([GREY, 255 - GREY]), photometric="minisblack")
    with pytest.raises(GeometryError, match="2 pages"):
        read_volume(tmp_path / "a.tif")
    assert np.array_equal(read_volume(tmp_path / "a.tif", volume=1).data[:, :, 0], 255 - GREY.T)


def test_channels_that_are_no_colours(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((5, 7, 5), np.uint8), photometric="minisblack", planarconfig="contig")
    with pytest.raises(InputError, match="5 channels"):
        read_volume(tmp_path / "a.tif")


def test_cut_and_oversized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, RNG.integers(0, 9, (40, 50)).astype(np.uint8))
    content = path.read_bytes()
    for cut in range(1, len(content), 97):
        path.write_bytes(content[:cut])
        with pytest.raises(FormatError):
            read_volume(path)
    path.write_bytes(content)
    monkeypatch.setattr("samaritan.io.tiff.MAX_PIXELS", 40 * 50 - 1)
    with pytest.raises(FormatError, match="50 x 40"):
        read_volume(path)
