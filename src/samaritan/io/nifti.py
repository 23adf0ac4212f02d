"""NIfTI-1 and NIfTI-2: .nii, .nii.gz and .hdr/.img pairs, of either byte order.

The sform gives the grid when its code is above 0, else the qform, else the voxel sizes alone (with a warning). When both
are given and disagree, the sform is taken with a warning (or the qform if preferred), and a mask written for the image carries
both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import FormatError, Geometry, InputError, LabelMap, Volume
from samaritan.io import _payload
from samaritan.io._base import FORMATS, Choice, has_suffix, reading
from samaritan.io._sniff import check_path, head_of, looks_like
from samaritan.io._voxels import make_labels, make_volume

_HEADER_BYTES = 544  # of NIfTI-1: 352, of NIfTI-2: 544
_UNIT_MM = {"mm": 1.0, "unknown": 1.0, "meter": 1e3, "micron": 1e-3}
_FORM_TOLERANCE = 1e-3  # sform and qform agree when no corner lies further apart, in mm
_MAX_NIFTI1_AXIS = 32767


@dataclass(frozen=True)
class _Image:
    data: NDArray[Any]
    geometry: Geometry
    header: Any
    warnings: list[str]
    files: tuple[Path, ...]
    from_qform: bool = False


class Nifti:
    """Reads and writes NIfTI; 4D needs a choice, RGB is read as colour."""

    suffixes = (".nii.gz", ".nii", ".hdr", ".img", ".img.gz")
    write_suffixes = (".nii.gz", ".nii")
    mask_suffix = ".nii.gz"

    def claims(self, path: Path) -> bool:
        """By name ending."""
        return path.is_file() and has_suffix(path, self.suffixes)

    def check_head(self, path: Path) -> None:
        """Whether there is a whole header, of voxels that can be read."""
        with reading(path, "NIfTI"):
            header, _ = _pair(path)
            _declared(_header(header), header)

    def read(self, path: Path, choice: Choice) -> Volume:
        """Read an image; scl_slope and scl_inter are applied (0 and NaN mean none)."""
        choice.refuse_series(path)
        with reading(path, "NIfTI"):
            image = _read(path, choice)
            header = image.header
            return make_volume(
                image.data, image.geometry, path, "nifti", warnings=image.warnings, files=image.files,
                sform_code=int(header["sform_code"]), qform_code=int(header["qform_code"]), qform=_other_qform(header),
                sform=_unit_scale(header) @ header.get_sform() if image.from_qform else None,
            )  # fmt: skip

    def read_labels(self, path: Path) -> LabelMap:
        """Read a label map."""
        with reading(path, "NIfTI"):
            image = _read(path, Choice())
            return make_labels(image.data, image.geometry, path)

    def write(self, labelmap: LabelMap, path: Path, like: Volume | None) -> None:
        """Write the same affine under the same sform and qform codes as ``like`` has them."""
        import nibabel

        meta = like.meta if like is not None else {}
        geometry = labelmap.geometry
        kind: Any = nibabel.Nifti1Image if max(geometry.shape) <= _MAX_NIFTI1_AXIS else nibabel.Nifti2Image
        # A fresh header: a source's slope would make the labels drift
        image = kind(labelmap.data, geometry.affine, dtype=labelmap.data.dtype)
        known = meta.get("format") == "nifti"
        sform_code, qform_code = (meta["sform_code"], meta["qform_code"]) if known else (1, 1)
        image.set_qform(np.array(meta.get("qform", geometry.affine)), qform_code)
        image.set_sform(np.array(meta.get("sform", geometry.affine)), sform_code)
        image.header.set_xyzt_units("mm" if geometry.unit == "mm" else "unknown")
        nibabel.save(image, path)


FORMATS.add("nifti", Nifti())


def _read(path: Path, choice: Choice) -> _Image:
    header_path, data_path = _pair(path)
    header = _header(header_path)
    shape, dtype = _declared(header, header_path)
    offset = int(header.get_data_offset())
    count = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if has_suffix(data_path, (".gz",)):
        content, warnings = _payload.inflate(data_path, count, skip=offset)
    else:
        content, warnings = _payload.read_raw(data_path, offset, count), []
    voxels = _one_volume(content.view(dtype).reshape(shape, order="F"), path, choice)
    from_qform = choice.prefer_qform and _other_qform(header) is not None
    geometry = _geometry(header, voxels.shape, warnings, from_qform=from_qform)
    voxels = _scaled(voxels, header) if dtype.names is None else _colour(voxels, warnings)
    return _Image(voxels, geometry, header, warnings, tuple(dict.fromkeys((header_path, data_path))), from_qform)


def _pair(path: Path) -> tuple[Path, Path]:
    """Header file and data file: one file, or .hdr beside .img."""
    if has_suffix(path, (".nii", ".nii.gz")):
        return path, path
    stem = path.name[: path.name.lower().rindex(".img" if ".img" in path.name.lower() else ".hdr")]
    header = path if has_suffix(path, (".hdr",)) else path.with_name(f"{stem}.hdr")
    data = path if header != path else path.with_name(f"{stem}.img")
    if data == path.with_name(f"{stem}.img") and not data.exists():
        data = path.with_name(f"{stem}.img.gz")
    for part in (header, data):
        if not part.exists():
            raise InputError(f"{path} is one half of a NIfTI pair and {part.name} is not beside it; put both together.")
        check_path(part)
    return header, data


def _header(path: Path) -> Any:
    import nibabel

    compressed = has_suffix(path, (".gz",))
    head = head_of(path)[:_HEADER_BYTES]
    looks = looks_like(head)
    if compressed and looks == "gzip-compressed data":
        head = _payload.peek(path, _HEADER_BYTES)
        looks = looks_like(head)
    elif compressed:
        raise FormatError(f"{path} is named like gzip-compressed data but looks like {looks or 'something else'}.")
    size = {head[:4] == np.array(n, f"{o}i4").tobytes(): n for n in (348, 540) for o in "<>"}.get(True)
    if len(head) < (size or 348):
        raise FormatError(f"{path} is truncated: a NIfTI header has 348 or 540 bytes, the file holds {len(head)}.")
    if size is None:
        raise FormatError(f"{path} is no NIfTI image; it looks like {looks or 'no format that samaritan knows'}.")
    if looks is None or "NIfTI" not in looks:
        raise FormatError(f"{path} is an Analyze 7.5 header, which knows no orientation; convert it to NIfTI first.")
    single = "image" in looks
    if single == has_suffix(path, (".hdr",)):
        raise FormatError(f"{path} looks like {looks}, which its name ending contradicts; rename it.")
    kinds: dict[tuple[int, bool], Any] = {
        (348, True): nibabel.Nifti1Header, (348, False): nibabel.nifti1.Nifti1PairHeader,
        (540, True): nibabel.Nifti2Header, (540, False): nibabel.nifti2.Nifti2PairHeader,
    }  # fmt: skip
    header = kinds[size, single](head[:size], check=False)
    if header["pixdim"][0] == 0:  # the standard: 0 counts as 1
        header["pixdim"][0] = 1
    return header


def _declared(header: Any, path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape (at least three axes) and stored type, refused where they cannot be."""
    import nibabel
    from nibabel.spatialimages import HeaderDataError

    dimensions = int(header["dim"][0])
    if not 1 <= dimensions <= 7:
        raise FormatError(f"{path} declares {dimensions} dimensions; NIfTI allows 1 to 7.")
    shape = tuple(int(n) for n in header["dim"][1 : dimensions + 1])
    if min(shape) < 1:
        raise FormatError(f"{path} declares the shape {shape}; every axis needs at least 1 voxel.")
    try:
        dtype = header.get_data_dtype()
    except HeaderDataError as error:
        raise FormatError(f"{path} declares the unknown voxel type {int(header['datatype'])}.") from error
    is_colour = dtype.names in (("R", "G", "B"), ("R", "G", "B", "A"))
    if not is_colour and (dtype.kind not in "uif" or not 1 <= dtype.itemsize <= 8):
        label = nibabel.nifti1.data_type_codes.label[int(header["datatype"])]
        raise InputError(f"{path} holds {label} voxels; samaritan reads integers, floats up to 64 bits, and RGB.")
    if int(header.get_data_offset()) < 0:
        raise FormatError(f"{path} declares that its voxels begin before the file does.")
    return shape + (1,) * (3 - len(shape)), dtype


def _one_volume(voxels: NDArray[Any], path: Path, choice: Choice) -> NDArray[Any]:
    """(i, j, k, ...) -> (i, j, k): singleton axes go, of several volumes the chosen one stays."""
    volumes = voxels.reshape(*voxels.shape[:3], -1, order="F")
    chosen: NDArray[Any] = volumes[..., choice.index(volumes.shape[3], path, "volumes")]
    return chosen


def _colour(voxels: NDArray[Any], warnings: list[str]) -> NDArray[Any]:
    """RGB24 and RGBA32 -> three colours as the last axis."""
    names = voxels.dtype.names or ()
    if "A" in names:
        warnings.append("the alpha channel was dropped")
    return np.stack([voxels[name] for name in names if name in "RGB"], axis=-1)


def _scaled(voxels: NDArray[Any], header: Any) -> NDArray[Any]:
    """scl_slope and scl_inter applied; in float32 where that is exact enough for what was stored."""
    slope, intercept = header.get_slope_inter()
    if slope is None or (slope, intercept) == (1, 0):
        return voxels
    kind = np.float64 if voxels.dtype.itemsize > 2 and voxels.dtype != np.float32 else np.float32
    return (voxels * np.float64(slope) + np.float64(intercept)).astype(kind)


def _geometry(header: Any, shape: tuple[int, ...], warnings: list[str], *, from_qform: bool) -> Geometry:
    """The grid in mm; see the head of this file for which of the header's descriptions counts."""
    i, j, k = shape
    unit = header.get_xyzt_units()[0]
    scale = _unit_scale(header)
    if unit not in ("mm", "unknown"):
        warnings.append(f"the header's unit is {unit}; the spacing was converted to mm")
    if header["sform_code"] <= 0 and header["qform_code"] <= 0:
        warnings.append(
            "sform and qform codes are 0, so left, right and origin are unknown; only voxel sizes were used"
        )
        sizes = np.abs(np.array(header["pixdim"][1:4], float))
        corner = np.array([sizes[0], -sizes[1], -sizes[2]]) * (np.array(shape) - 1) / 2
        affine = np.diag([-sizes[0], sizes[1], sizes[2], 1.0])
        affine[:3, 3] = corner
        return Geometry((i, j, k), scale @ affine)
    if (qform := _other_qform(header)) is not None:
        spacings = [
            tuple(round(float(n), 4) for n in np.linalg.norm(m[:3, :3], axis=0)) for m in (header.get_sform(), qform)
        ]
        used = "qform" if from_qform else "sform"
        warnings.append(
            f"sform (spacing {spacings[0]}) and qform (spacing {spacings[1]}) disagree; the {used} was used"
        )
        if from_qform:
            return Geometry((i, j, k), qform)
    return Geometry((i, j, k), scale @ header.get_best_affine())


def _other_qform(header: Any) -> NDArray[np.float64] | None:
    """The qform in mm where it is valid but is not the grid that counts, else None."""
    from nibabel.spatialimages import HeaderDataError

    if header["sform_code"] <= 0 or header["qform_code"] <= 0:
        return None
    try:
        sform, qform = header.get_sform(), header.get_qform()
    except HeaderDataError:
        return None
    last = np.maximum(np.resize(header["dim"][1:4], 3) - 1.0, 1.0)
    corners = np.array(np.meshgrid(*((0.0, n) for n in last))).reshape(3, -1)
    to_mm = _unit_scale(header)
    difference = (to_mm @ (sform - qform))[:3] @ np.vstack([corners, np.ones(8)])
    return None if np.abs(difference).max() <= _FORM_TOLERANCE else np.asarray(to_mm @ qform)


def _unit_scale(header: Any) -> NDArray[np.float64]:
    return np.diag([_UNIT_MM[header.get_xyzt_units()[0]]] * 3 + [1.0])
