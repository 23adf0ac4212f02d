"""NRRD: .nrrd, and .nhdr with its data file beside it; raw or gzip encoding.

pynrrd parses the header; the voxels are read here, because their number and checksum must be verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import FormatError, Geometry, InputError, LabelMap, Volume
from samaritan.io import _payload
from samaritan.io._base import FORMATS, Choice, has_suffix, reading
from samaritan.io._lps import affine_from_lps, lps_from_affine
from samaritan.io._sniff import check_path, require
from samaritan.io._voxels import make_labels, make_volume

# signs that turn a space into LPS
_SPACES = {
    "left-posterior-superior": (1, 1, 1), "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1), "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1), "las": (1, -1, 1),
}  # fmt: skip
_UNIT_MM = {
    "mm": 1.0,
    "millimeter": 1.0,
    "millimeters": 1.0,
    "": 1.0,
    "m": 1e3,
    "cm": 10.0,
    "um": 1e-3,
    "µm": 1e-3,
    "micron": 1e-3,
}
_TYPES = {
    "signed char": "i1", "int8": "i1", "int8_t": "i1", "uchar": "u1", "unsigned char": "u1", "uint8": "u1", "uint8_t": "u1",
    "short": "i2", "short int": "i2", "signed short": "i2", "signed short int": "i2", "int16": "i2", "int16_t": "i2",
    "ushort": "u2", "unsigned short": "u2", "unsigned short int": "u2", "uint16": "u2", "uint16_t": "u2",
    "int": "i4", "signed int": "i4", "int32": "i4", "int32_t": "i4", "uint": "u4", "unsigned int": "u4", "uint32": "u4",
    "uint32_t": "u4", "longlong": "i8", "long long": "i8", "long long int": "i8", "signed long long": "i8", "int64": "i8",
    "signed long long int": "i8", "int64_t": "i8", "ulonglong": "u8", "unsigned long long": "u8", "uint64": "u8",
    "unsigned long long int": "u8", "uint64_t": "u8", "float": "f4", "double": "f8",
}  # fmt: skip


@dataclass(frozen=True)
class _Image:
    data: NDArray[Any]
    geometry: Geometry
    warnings: list[str]
    files: tuple[Path, ...]


class Nrrd:
    """Reads 2D and 3D NRRD, 4D with a choice, RGB as colour; writes gzip-encoded label maps."""

    suffixes = (".nrrd", ".nhdr")
    write_suffixes = (".nrrd",)
    mask_suffix = ".nrrd"

    def claims(self, path: Path) -> bool:
        """By name ending."""
        return path.is_file() and has_suffix(path, self.suffixes)

    def check_head(self, path: Path) -> None:
        """Whether the first bytes are those of this format."""
        require(path, ("an NRRD file",), "an NRRD file")

    def read(self, path: Path, choice: Choice) -> Volume:
        """Read an image."""
        choice.refuse_series(path)
        with reading(path, "NRRD"):
            image = _read(path, choice)
            return make_volume(image.data, image.geometry, path, "nrrd", warnings=image.warnings, files=image.files)

    def read_labels(self, path: Path) -> LabelMap:
        """Read a label map."""
        with reading(path, "NRRD"):
            image = _read(path, Choice())
            return make_labels(image.data, image.geometry, path)

    def write(self, labelmap: LabelMap, path: Path, _like: Volume | None) -> None:
        """Write in LPS, as ITK does."""
        import nrrd as pynrrd

        steps, origin = lps_from_affine(labelmap.geometry.affine)
        header = {
            "space": "left-posterior-superior", "kinds": ["domain"] * 3, "space directions": steps.T,
            "space origin": origin, "encoding": "gzip",
        }  # fmt: skip
        pynrrd.write(str(path), labelmap.data, header, index_order="F")


FORMATS.add("nrrd", Nrrd())


def _read(path: Path, choice: Choice) -> _Image:
    import nrrd as pynrrd

    require(path, ("an NRRD file",), "an NRRD file")
    with path.open("rb") as file:
        header = pynrrd.read_header(file)
        start = file.tell()
    data_path, start = _data_file(path, header, start)
    dtype = _dtype(header, path)
    sizes = [int(n) for n in header["sizes"]]
    if not sizes or min(sizes) < 1 or len(sizes) != int(header["dimension"]):
        raise FormatError(f"{path} declares the sizes {sizes}; every axis needs at least 1 voxel.")
    content, warnings = _voxel_bytes(data_path, header, start, int(np.prod(sizes, dtype=object)) * dtype.itemsize)
    voxels = content.view(dtype).reshape(sizes, order="F")
    voxels, domain = _split_axes(voxels, header, path, choice)
    geometry = _geometry(header, domain, voxels.shape[:3], path, warnings)
    return _Image(voxels, geometry, warnings, tuple(dict.fromkeys((path, data_path))))


def _data_file(path: Path, header: Mapping[str, Any], start: int) -> tuple[Path, int]:
    """Where the voxels lie; a header may name a file beside it and nothing further away."""
    name = header.get("data file", header.get("datafile"))
    if name is None:
        return path, start
    if not isinstance(name, str) or Path(name).name != name or "%" in name or name.startswith("LIST"):
        raise InputError(
            f"{path} keeps its voxels in {name!r}; samaritan reads one data file in the header's own folder."
        )
    check_path(path.with_name(name))
    return path.with_name(name), 0


def _dtype(header: Mapping[str, Any], path: Path) -> np.dtype[Any]:
    kind = _TYPES.get(str(header["type"]).lower())
    if kind is None:
        raise InputError(f"{path} holds voxels of the type {header['type']!r}; samaritan reads integers and floats.")
    endian = str(header.get("endian", "little"))
    if endian not in ("little", "big") or (kind[1] != "1" and "endian" not in header):
        raise FormatError(f"{path} does not say in which byte order its voxels are; add 'endian: little' or big.")
    return np.dtype(kind).newbyteorder("<" if endian == "little" else ">")


def _voxel_bytes(path: Path, header: Mapping[str, Any], start: int, count: int) -> tuple[NDArray[np.uint8], list[str]]:
    encoding = str(header["encoding"]).lower()
    lines, skip = (int(header.get(f"{word} skip", header.get(f"{word}skip", 0))) for word in ("line", "byte"))
    if lines or encoding not in ("raw", "gzip", "gz"):
        raise InputError(f"{path} is NRRD with the encoding {encoding!r}{' and line skip' if lines else ''}; "
                         "samaritan reads raw and gzip without line skip.")  # fmt: skip
    if encoding == "raw":
        start = path.stat().st_size - count if skip == -1 else start + skip
        return _payload.read_raw(path, max(0, start), count), []
    return _payload.inflate(path, count, start=start, skip=max(0, skip))


def _split_axes(
    voxels: NDArray[Any], header: Mapping[str, Any], path: Path, choice: Choice
) -> tuple[NDArray[Any], list[int]]:
    """-> (i, j, k[, 3]) voxels and which of the header's axes (i, j[, k]) are."""
    kinds = [str(k).lower() for k in header.get("kinds", ["domain"] * voxels.ndim)]
    directions = header.get("space directions")
    domain = [axis for axis in range(voxels.ndim) if not _is_list(axis, kinds, directions)]
    if len(domain) == voxels.ndim and voxels.ndim > 3:
        domain = [0, 1, 2]
    if not 1 <= len(domain) <= 3:
        raise InputError(f"{path} has {len(domain)} spatial axes; samaritan reads images with two or three.")
    others = [axis for axis in range(voxels.ndim) if axis not in domain]
    sizes = [voxels.shape[a] for a in domain] + [1] * (3 - len(domain)) + [voxels.shape[a] for a in others]
    arranged = np.transpose(voxels, domain + others).reshape(tuple(sizes))
    is_rgb = [kinds[a] for a in others] in (["rgb-color"], ["3-color"], ["vector"]) and sizes[3:] == [3]
    if is_rgb and arranged.dtype == np.uint8 and choice.volume is None:
        return arranged, domain
    flat = arranged.reshape((*sizes[:3], -1), order="F")
    return flat[..., choice.index(flat.shape[3], path, "volumes")], domain


def _is_list(axis: int, kinds: list[str], directions: Any) -> bool:
    """Whether an axis counts channels or time points instead of places."""
    if directions is not None:
        row = directions[axis]
        return row is None or not np.isfinite(np.asarray(row, float)).all()
    return kinds[axis] not in ("domain", "space", "none", "???")


def _geometry(
    header: Mapping[str, Any], domain: list[int], shape: tuple[int, ...], path: Path, warnings: list[str]
) -> Geometry:
    i, j, k = shape
    units = {str(u).strip('" ').lower() for u in header.get("space units", [])} or {"mm"}
    if len(units) > 1 or not units <= set(_UNIT_MM):
        raise InputError(f"{path} has the space units {sorted(units)}; samaritan reads mm, cm, m and micrometres.")
    scale = _UNIT_MM[units.pop()]
    if header.get("space directions") is None:
        warnings.append("the header gives no space directions, so left, right and origin are unknown; LPS was assumed")
        spacings = np.asarray(header.get("spacings", [1.0] * len(header["sizes"])), float)[domain]
        spacings = np.where(np.isfinite(spacings), spacings, 1.0)
        return Geometry.from_spacing((i, j, k), [*np.abs(spacings) * scale, *[1.0] * (3 - len(domain))])
    # ITK names no space for pictures and time series; it means LPS
    space = str(header.get("space", "")).lower() if header.get("space dimension") in (None, 3) else "lps"
    if space not in _SPACES:
        raise InputError(f"{path} has the space {space!r}; samaritan reads {', '.join(_SPACES)}.")
    signs = np.array(_SPACES[space], float)
    steps = np.column_stack([_three(header["space directions"][axis]) for axis in domain])
    if steps.shape[1] == 2:
        normal = np.cross(steps[:, 0], steps[:, 1])
        steps = np.column_stack([steps, normal / np.linalg.norm(normal)])
    origin = _three(header.get("space origin", ()))
    return Geometry((i, j, k), affine_from_lps(signs[:, None] * steps * scale, signs * origin * scale))


def _three(vector: Any) -> NDArray[np.float64]:
    """A vector of two or four dimensions, filled or cut to the three of space."""
    given = np.asarray(vector, float)[:3]
    return np.concatenate([given, np.zeros(3 - len(given))])
