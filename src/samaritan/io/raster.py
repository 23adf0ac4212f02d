"""PNG, JPEG and BMP pictures, through Pillow with only these three decoders.

The grid is the stored one: an EXIF orientation is reported in the warnings and not applied, because a mask drawn on the
file's pixels must fall on them again. Alpha is dropped. Palettes become colours in a picture and stay numbers in a mask.
Pillow gives 16-bit grey as it is, but only the upper 8 bits of 16-bit colour; a picture is read so, a mask is refused.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from samaritan.core import FormatError, Geometry, GeometryError, InputError, LabelMap, Volume
from samaritan.io import _payload
from samaritan.io._base import FORMATS, Choice, has_suffix, reading
from samaritan.io._sniff import require
from samaritan.io._voxels import make_labels, make_volume

#: Larger pictures are refused before they are decoded.
MAX_PIXELS = 2**28

_EXIF_ORIENTATION = 0x0112
_GREY16 = ("I;16", "I;16B", "I;16L", "I;16N")
_PNG_END = b"IEND\xaeB`\x82"
_SIGNATURES = ("a PNG picture", "a JPEG picture", "a BMP picture")


@dataclass(frozen=True)
class _Picture:
    image: Image.Image
    deep_colour: bool
    low_bits: int  # grey levels of fewer than 8 bits, which Pillow stretches to 0..255; 0 = none
    warnings: list[str]


class Raster:
    """Reads PNG, JPEG and BMP; writes label maps of one slice as PNG."""

    suffixes = (".png", ".jpg", ".jpeg", ".bmp")
    write_suffixes = (".png",)
    mask_suffix = ".png"

    def claims(self, path: Path) -> bool:
        """By name ending."""
        return path.is_file() and has_suffix(path, self.suffixes)

    def check_head(self, path: Path) -> None:
        """Whether they are those of one of the three."""
        require(path, _SIGNATURES, "a picture")

    def read(self, path: Path, choice: Choice) -> Volume:
        """Read a picture: (i, j, 1) uint8 or uint16 grey, or (i, j, 1, 3) uint8, in pixels."""
        choice.refuse_series(path)
        choice.index(1, path, "pictures")
        with reading(path, "picture"):
            picture = _open(path)
            pixels = _image_pixels(picture)
            return make_volume(*on_grid(pixels), path, "raster", warnings=picture.warnings)

    def read_labels(self, path: Path) -> LabelMap:
        """Read a mask; palette indices and the low grey levels of 1, 2 and 4 bit files are kept as numbers."""
        with reading(path, "picture"):
            picture = _open(path)
            if picture.image.format == "JPEG":
                raise InputError(f"{path} is a JPEG, whose compression changes label values; save the mask as PNG.")
            if picture.deep_colour:
                raise InputError(f"{path} has 16 bits per colour; save the mask as 8- or 16-bit grey PNG.")
            return make_labels(*on_grid(_label_pixels(picture)), path)

    def write(self, labelmap: LabelMap, path: Path, _like: Volume | None) -> None:
        """Write 8- or 16-bit grey."""
        Image.fromarray(to_pixels(labelmap, "PNG")).save(path, "PNG")


FORMATS.add("raster", Raster())


def on_grid(pixels: NDArray[Any]) -> tuple[NDArray[Any], Geometry]:
    """(row, col[, 3]) pixels -> (i, j, 1[, 3]) voxels and their grid."""
    voxels = np.ascontiguousarray(pixels.swapaxes(0, 1))[:, :, None]
    return voxels, Geometry.pixels(*voxels.shape[:2])


def to_pixels(labelmap: LabelMap, kind: str) -> NDArray[Any]:
    """(i, j, 1) labels -> (row, col) uint8 or uint16.

    Raises:
        GeometryError: more than one slice.
        InputError: a label beyond 65535.
    """
    if labelmap.geometry.shape[2] != 1:
        raise GeometryError(f"A {kind} holds one slice and the mask has {labelmap.geometry.shape[2]}; write .nii.gz.")
    if labelmap.data.dtype.itemsize > 2:
        raise InputError(f"A {kind} holds labels up to 65535 and the mask has {labelmap.data.max()}; write .nii.gz.")
    return np.ascontiguousarray(labelmap.data[:, :, 0].T)


def _open(path: Path) -> _Picture:
    found = require(path, _SIGNATURES, "a picture")
    warnings_: list[str] = []
    if not has_suffix(path, {"PNG": (".png",), "JPEG": (".jpg", ".jpeg"), "BMP": (".bmp",)}[found.split()[1]]):
        warnings_.append(f"the file is {found}, whatever its name says")
    content = _complete(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(path, formats=("PNG", "JPEG", "BMP"))
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise FormatError(
                f"{path} declares {image.width} x {image.height} pixels; allowed are {MAX_PIXELS}, so cut or shrink it."
            )
        _payload.check_memory(image.width * image.height * 8, path)
        image.load()
    if (turned := image.getexif().get(_EXIF_ORIENTATION, 1)) != 1:
        warnings_.append(f"the EXIF orientation {turned} was not applied: the grid is that of the stored pixels")
    depth, kind = (content[24], content[25]) if image.format == "PNG" else (8, 0)
    return _Picture(image, depth == 16 and kind != 0, depth if depth in (2, 4) and kind == 0 else 0, warnings_)


def _complete(path: Path) -> bytes:
    """The first bytes; a file that lacks its end is refused, since decoders show what there is."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(32)
        file.seek(max(0, size - 65536))
        tail = file.read()
    complete = {
        b"\x89P": _PNG_END in tail,
        b"\xff\xd8": b"\xff\xd9" in tail,
        b"BM": int.from_bytes(head[2:6], "little") <= size,
    }
    if len(head) < 26 or not complete[head[:2]]:
        raise FormatError(f"{path} is truncated: the end of the picture is missing; fetch it again.")
    return head


def _image_pixels(picture: _Picture) -> NDArray[Any]:
    """(row, col) uint8 or uint16, or (row, col, 3) uint8."""
    image = picture.image
    if picture.deep_colour:
        picture.warnings.append("16 bits per colour were reduced to 8")
    if "A" in image.getbands() or "transparency" in image.info:
        picture.warnings.append("the alpha channel was dropped")
    if image.mode in ("RGB", "L", *_GREY16):
        return np.asarray(image)
    if image.mode in ("1", "LA", "La"):
        return np.asarray(image.convert("L"))
    if image.mode in ("P", "PA", "RGBA", "RGBa"):
        return _without_colour(np.asarray(image.convert("RGBA"))[..., :3], image.mode.startswith("P"))
    raise InputError(f"{image.mode} colours are not read; convert the picture to grey or RGB.")


def _without_colour(pixels: NDArray[Any], is_palette: bool) -> NDArray[Any]:
    """A palette of greys is a grey picture."""
    return pixels[..., 0] if is_palette and (pixels[..., :1] == pixels).all() else pixels


def _label_pixels(picture: _Picture) -> NDArray[Any]:
    image = picture.image
    if image.mode in ("1", "L", "P", *_GREY16):
        pixels = np.asarray(image)
        return pixels // (255 // (2**picture.low_bits - 1)) if picture.low_bits else pixels
    if image.mode in ("LA", "PA"):
        return np.asarray(image)[..., 0]
    return np.asarray(image)[..., :3]
