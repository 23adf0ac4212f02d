"""MetaImage: .mha, and .mhd with its data file beside it, through SimpleITK.

SimpleITK fills the missing part of a truncated file with zeros, so the number of voxel bytes is verified here first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import FormatError, Geometry, GeometryError, InputError, LabelMap, Volume
from samaritan.io import _payload
from samaritan.io._base import FORMATS, Choice, has_suffix, reading
from samaritan.io._lps import affine_from_lps, lps_from_affine
from samaritan.io._sniff import check_path, require
from samaritan.io._voxels import make_labels, make_volume

_MAX_HEADER = 2**16
_BYTES = {
    "MET_CHAR": 1, "MET_UCHAR": 1, "MET_SHORT": 2, "MET_USHORT": 2, "MET_INT": 4, "MET_UINT": 4, "MET_LONG": 4,
    "MET_ULONG": 4, "MET_LONG_LONG": 8, "MET_ULONG_LONG": 8, "MET_FLOAT": 4, "MET_DOUBLE": 8,
}  # fmt: skip


@dataclass(frozen=True)
class _Image:
    data: NDArray[Any]
    geometry: Geometry
    files: tuple[Path, ...]


class MetaImage:
    """Reads 2D and 3D MetaImage, 4D with a choice, RGB as colour; writes compressed .mha label maps."""

    suffixes = (".mha", ".mhd")
    write_suffixes = (".mha",)
    mask_suffix = ".mha"

    def claims(self, path: Path) -> bool:
        """By name ending."""
        return path.is_file() and has_suffix(path, self.suffixes)

    def check_head(self, path: Path) -> None:
        """Whether the first bytes are those of this format."""
        require(path, ("a MetaImage header",), "a MetaImage file")

    def read(self, path: Path, choice: Choice) -> Volume:
        """Read an image."""
        choice.refuse_series(path)
        with reading(path, "MetaImage"):
            image = _read(path, choice)
            return make_volume(image.data, image.geometry, path, "metaimage", files=image.files)

    def read_labels(self, path: Path) -> LabelMap:
        """Read a label map."""
        with reading(path, "MetaImage"):
            image = _read(path, Choice())
            return make_labels(image.data, image.geometry, path)

    def write(self, labelmap: LabelMap, path: Path, _like: Volume | None) -> None:
        """Write in LPS."""
        import SimpleITK as sitk  # noqa: N813  (the name that its own documentation uses)

        steps, origin = lps_from_affine(labelmap.geometry.affine)
        image: Any = sitk.GetImageFromArray(np.ascontiguousarray(labelmap.data.transpose()))
        image.SetSpacing(labelmap.geometry.spacing)
        image.SetOrigin(tuple(origin))
        image.SetDirection(tuple((steps / np.array(labelmap.geometry.spacing)).ravel()))
        try:
            sitk.WriteImage(image, str(path), useCompression=True)
        except RuntimeError as error:  # SimpleITK does not say which system call failed
            raise OSError(" ".join(str(error).split())[-200:]) from error


FORMATS.add("metaimage", MetaImage())


def _read(path: Path, choice: Choice) -> _Image:
    import SimpleITK as sitk  # noqa: N813  (the name that its own documentation uses)

    require(path, ("a MetaImage header",), "a MetaImage file")
    header, data_start = _header(path)
    data_path = _check_data(path, header, data_start)
    image = sitk.ReadImage(str(path), imageIO="MetaImageIO")
    return _Image(*_voxels_and_grid(image, path, choice), tuple(dict.fromkeys((path, data_path))))


def _header(path: Path) -> tuple[dict[str, str], int]:
    """The lines "key = value", the last of which names the data file; and where the header ends."""
    with path.open("rb") as file:
        head = file.read(_MAX_HEADER)
    fields: dict[str, str] = {}
    position = 0
    while (end := head.find(b"\n", position)) >= 0:
        key, separator, value = head[position:end].decode("latin-1").partition("=")
        position = end + 1
        if not separator:
            break
        fields[key.strip()] = value.strip()
        if key.strip() == "ElementDataFile":
            return fields, position
    raise FormatError(f"{path} is truncated: its header does not name its data (ElementDataFile); fetch it again.")


def _check_data(path: Path, header: dict[str, str], start: int) -> Path:
    """Verify that all voxel bytes are there; returns the file that holds them."""
    name = header["ElementDataFile"]
    data_path = path
    if name.upper() != "LOCAL":
        if Path(name).name != name or "%" in name or name.upper().startswith("LIST"):
            raise InputError(
                f"{path} keeps its voxels in {name!r}; samaritan reads one data file in the header's own folder."
            )
        data_path, start = path.with_name(name), int(header.get("HeaderSize", 0))
        check_path(data_path)
    element = header.get("ElementType", "")
    if element not in _BYTES:
        raise InputError(f"{path} holds voxels of the type {element!r}; samaritan reads integers, floats and RGB.")
    sizes = [int(n) for n in header["DimSize"].split()]
    if min(sizes) < 1 or len(sizes) != int(header["NDims"]):
        raise FormatError(f"{path} declares the sizes {sizes}; every axis needs at least 1 voxel.")
    count = int(np.prod(sizes, dtype=object)) * _BYTES[element] * int(header.get("ElementNumberOfChannels", 1))
    if header.get("CompressedData", "False").lower() == "true":
        _payload.inflate(data_path, count, start=start)
    elif start != -1:
        _payload.check_file(data_path, start, count)
    _payload.check_memory(2 * count, path)
    return data_path


def _voxels_and_grid(image: Any, path: Path, choice: Choice) -> tuple[NDArray[Any], Geometry]:
    import SimpleITK as sitk  # noqa: N813  (the name that its own documentation uses)

    dimensions, channels = image.GetDimension(), image.GetNumberOfComponentsPerPixel()
    voxels = sitk.GetArrayFromImage(image)
    axes = [*range(dimensions - 1, -1, -1), *([dimensions] if channels > 1 else [])]
    voxels = voxels.transpose(axes)  # ITK's arrays have the last axis first
    direction = np.array(image.GetDirection()).reshape(dimensions, dimensions)
    steps, origin = np.eye(3), np.zeros(3)
    used = min(dimensions, 3)
    steps[:used, :used] = (direction * image.GetSpacing())[:used, :used]
    origin[:used] = image.GetOrigin()[:used]
    if dimensions == 2:
        voxels = voxels[:, :, None]
    if dimensions == 4 and np.abs(direction[:3, 3]).max() > 0:
        raise GeometryError("the time axis is mixed with the axes of space; write the header anew.")
    if channels == 3 and voxels.ndim == 4 and voxels.dtype == np.uint8 and choice.volume is None:
        chosen = voxels
    else:
        flat = voxels.reshape(*voxels.shape[:3], -1, order="F")
        chosen = flat[..., choice.index(flat.shape[3], path, "volumes")]
    return chosen, Geometry(chosen.shape[:3], affine_from_lps(steps, origin))
