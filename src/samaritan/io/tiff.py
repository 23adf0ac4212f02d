"""TIFF: 8- and 16-bit (and float) grey, RGB, RGBA and palettes, one page; of several pages one is chosen.

tifffile reads the structure; where the pixels are compressed with a codec that tifffile leaves to a further package (LZW,
JPEG), Pillow decodes them. Resolution tags are ignored: the grid is in pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from samaritan.core import FormatError, InputError, LabelMap, Volume
from samaritan.io import _payload
from samaritan.io._base import FORMATS, Choice, has_suffix, reading
from samaritan.io._sniff import require
from samaritan.io._voxels import make_labels, make_volume
from samaritan.io.raster import MAX_PIXELS, on_grid, to_pixels

_PILLOW_MODES = ("1", "L", "P", "I;16", "I;16B", "RGB", "RGBA", "LA", "F")
_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6


class Tiff:
    """Reads one page; writes label maps of one slice, losslessly compressed."""

    suffixes = (".tif", ".tiff")
    write_suffixes = (".tif", ".tiff")
    mask_suffix = ".tif"

    def claims(self, path: Path) -> bool:
        """By name ending."""
        return path.is_file() and has_suffix(path, self.suffixes)

    def check_head(self, path: Path) -> None:
        """Whether the first bytes are those of this format."""
        require(path, ("a TIFF picture",), "a TIFF picture")

    def read(self, path: Path, choice: Choice) -> Volume:
        """Read a picture: (i, j, 1) grey or (i, j, 1, 3) uint8, in pixels; "0 is white" is inverted, alpha dropped."""
        choice.refuse_series(path)
        notes: list[str] = []
        with reading(path, "TIFF"):
            pixels, page = _read(path, choice)
            return make_volume(*on_grid(_as_picture(pixels, page, path, notes)), path, "tiff", warnings=notes)

    def read_labels(self, path: Path) -> LabelMap:
        """Read a mask; palette indices are kept as numbers."""
        with reading(path, "TIFF"):
            pixels, _ = _read(path, Choice())
            return make_labels(*on_grid(pixels[..., :3] if pixels.ndim == 3 else pixels), path)

    def write(self, labelmap: LabelMap, path: Path, _like: Volume | None) -> None:
        """Write 8- or 16-bit grey."""
        import tifffile

        tifffile.imwrite(path, to_pixels(labelmap, "TIFF"), photometric="minisblack", compression="zlib", metadata=None)


FORMATS.add("tiff", Tiff())


def _read(path: Path, choice: Choice) -> tuple[NDArray[Any], Any]:
    """(row, col[, samples]) as stored, and tifffile's page."""
    import tifffile

    require(path, ("a TIFF picture",), "a TIFF picture")
    with tifffile.TiffFile(path) as file:
        number = choice.index(len(file.pages), path, "pages")
        page = file.pages[number]
        _check(page, path)
        try:
            pixels, axes = page.asarray(), page.axes
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            return _through_pillow(path, number, page), page
    if axes == "SYX":
        pixels = np.moveaxis(pixels, 0, -1)
    elif axes not in ("YX", "YXS"):
        raise InputError(
            f"{path} has a page with the axes {axes}; samaritan reads pictures with rows, columns and colours."
        )
    return pixels, page


def _check(page: Any, path: Path) -> None:
    """Refuse what is too large, and what lies beyond the end of the file."""
    if page.imagewidth * page.imagelength > MAX_PIXELS or page.imagedepth != 1:
        raise FormatError(
            f"{path} declares {page.imagewidth} x {page.imagelength} x {page.imagedepth} pixels; "
            f"allowed are {MAX_PIXELS} in one plane, so cut or shrink it."
        )
    _payload.check_memory(page.nbytes * 3, path)
    size = path.stat().st_size
    ends = [o + n for o, n in zip(page.dataoffsets, page.databytecounts, strict=True)]
    if len(ends) != np.prod(page.chunked) or max(ends) > size or min(page.databytecounts) == 0:
        # tifffile would fill what is missing with zeros
        raise FormatError(f"{path} is truncated: part of its pixels is missing from the file; fetch it again.")
    if page.compression == 1 and sum(page.databytecounts) < page.nbytes * page.bitspersample // (
        8 * page.dtype.itemsize
    ):
        raise FormatError(f"{path} is truncated: it holds fewer pixels than it declares; fetch it again.")


def _through_pillow(path: Path, number: int, page: Any) -> NDArray[Any]:
    image: Any
    with Image.open(path, formats=("TIFF",)) as image:
        image.seek(number)
        expected = page.dtype.itemsize == np.asarray(image.getpixel((0, 0))).dtype.itemsize or page.bitspersample <= 8
        if image.mode not in _PILLOW_MODES or not (expected or image.mode.startswith(("I;16", "F"))):
            raise InputError(f"{path} is a TIFF with {page.compression.name} compression and {page.bitspersample} bits per "
                             "sample, which is not read; save it uncompressed or with deflate.")  # fmt: skip
        image.load()
        return np.asarray(image)


def _as_picture(pixels: NDArray[Any], page: Any, path: Path, notes: list[str]) -> NDArray[Any]:
    """Grey, or three colours of 8 bits."""
    if page.photometric == _PALETTE and pixels.ndim == 2:
        colours: NDArray[Any] = (page.colormap[:, pixels] >> 8).astype(np.uint8).transpose(1, 2, 0)
        return colours
    if page.photometric == _MIN_IS_WHITE and pixels.dtype.kind in "bu":
        return _white_is_zero(pixels)
    if pixels.ndim == 2:
        return pixels
    if page.photometric == _MIN_IS_BLACK and pixels.shape[-1] == 2:
        notes.append("the alpha channel was dropped")
        return pixels[..., 0]
    if page.photometric not in (_RGB, _YCBCR) or pixels.shape[-1] not in (3, 4) or pixels.dtype.kind != "u":
        raise InputError(f"{path} has {pixels.shape[-1]} channels of {pixels.dtype} ({page.photometric.name}); "
                         "samaritan reads grey and RGB of 8 or 16 bits.")  # fmt: skip
    if pixels.shape[-1] == 4:
        notes.append("the alpha channel was dropped")
    if pixels.dtype.itemsize > 1:
        notes.append(f"{8 * pixels.dtype.itemsize} bits per colour were reduced to 8")
        pixels = pixels >> (8 * (pixels.dtype.itemsize - 1))
    return pixels[..., :3].astype(np.uint8)


def _white_is_zero(pixels: NDArray[Any]) -> NDArray[Any]:
    flipped: NDArray[Any] = ~pixels
    return flipped
