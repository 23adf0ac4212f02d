"""Files in, files out: every image comes with its geometry, every mask is written on the grid of its source.

``read_volume`` and ``read_labels`` take a PNG, JPEG, BMP, TIFF, NIfTI, NRRD, MetaImage or DICOM file, or a folder that holds
a DICOM series; ``write_labels`` writes NIfTI, NRRD, MetaImage, PNG, TIFF, DICOM SEG or RTSTRUCT. One file of this room per
format.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from samaritan.core import FormatError, GeometryError, LabelMap, ResourceError, UsageError, Volume, atomic_path
from samaritan.io._base import FORMATS, Choice, Drawn, Format, Headed, Overlapping, Referring, has_suffix, named
from samaritan.io._placing import place_on
from samaritan.io._sniff import check_path, head_of, looks_like
from samaritan.io._voxels import smallest_unsigned

__all__ = [
    "FORMATS", "Format", "check_head", "check_target", "default_output_suffix", "holds_overlaps", "needs_image", "read_labels",
    "read_volume", "source_format", "write_labels",
]  # fmt: skip


def read_volume(
    path: Path | str, *, volume: int | None = None, series: str | None = None,
    prefer_qform: bool = False, progress: Callable[[int, int], None] | None = None,
) -> Volume:  # fmt: skip
    """Read an image.

    Args:
        path: a file, or a folder with a DICOM series.
        volume: which one (from 0) of a 4D image's volumes, a TIFF's pages, a cine loop's frames, or the stacks and repeats of
            a multi-frame DICOM file.
        series: which series of a DICOM folder that holds several: its number in the message's list, or its UID.
        prefer_qform: take the qform of a NIfTI file for its grid where it and the sform disagree.
        progress: called with (slices read, slices in all) while a DICOM series is read.

    Returns:
        (i, j, k[, 3]) voxels in the stored order; ``meta["warnings"]`` says what was odd about the file.

    Raises:
        InputError: the file does not exist, cannot be read, or holds what is not supported.
        FormatError: it is damaged or is not what its name says.
        GeometryError: its grid is unusable, or it holds several images and none was chosen.
        ResourceError: it does not fit into memory.
        UsageError: ``series`` for something that is no DICOM folder.
    """
    path = Path(path)
    return FORMATS.get(source_format(path)).read(path, Choice(volume, series, progress, prefer_qform))


def read_labels(path: Path | str, *, like: Volume | None = None) -> LabelMap:
    """Read a segmentation: (i, j, k) unsigned integers with the values that the file holds, never renumbered.

    Args:
        path: a file, or a folder with a DICOM series of label images.
        like: the image it belongs to. The grids must then agree; a DICOM SEG, which often covers only the slices where
            something is, is laid onto the image's grid. An RTSTRUCT, which has no grid, cannot be read without it.

    Raises:
        InputError: as :func:`read_volume`; also for colours, fractions, negative values or NaN.
        GeometryError: the grids differ.
    """
    path = Path(path)
    name = source_format(path)
    format_ = FORMATS.get(name)
    if like is not None and isinstance(format_, Drawn):
        return format_.read_onto(path, like)
    labelmap = format_.read_labels(path)
    if like is None or (difference := labelmap.geometry.mismatch(like.geometry)) is None:
        return labelmap
    if name != "dicom-seg":
        raise GeometryError(f"{path} does not lie on the grid of its image: {difference}.")
    try:
        return place_on(labelmap, like.geometry)
    except GeometryError as error:
        raise GeometryError(named(path, str(error))) from error


def write_labels(
    labelmap: LabelMap | Sequence[LabelMap], path: Path | str, *, like: Volume | None = None, overwrite: bool = False
) -> None:
    """Write a segmentation on its own grid, whole or not at all; the name's ending chooses the format.

    Args:
        labelmap: the segmentation; or several on one grid, no value in two of them, that may overlap each other, for a
            format that :func:`holds_overlaps`.
        path: ends in .nii.gz, .nii, .nrrd, .mha, .png, .tif, or for DICOM sources .dcm (DICOM SEG) or .rtstruct.dcm.
        like: the image it belongs to; its grid is checked, and its header codes and references are carried over.
        overwrite: replace an existing file.

    Raises:
        GeometryError: the grids of ``labelmap`` and ``like`` differ, or the format cannot hold the shape.
        InputError: the format cannot hold the label values.
        UsageError: the ending is none of these, the output is the input, or the format holds no overlapping labels.
        ResourceError: the file exists, or cannot be written.
    """
    path = Path(path)
    format_ = _writer(path)
    parts = [labelmap] if isinstance(labelmap, LabelMap) else list(labelmap)
    if like is not None:
        for part in parts:
            if (difference := part.geometry.mismatch(like.geometry)) is not None:
                raise GeometryError(f"The mask for {path} does not lie on the grid of its image: {difference}.")
        if path.exists() and any(_same(path, Path(f)) for f in like.meta.get("files", ())):
            raise UsageError(f"{path} is the image itself; choose another name for the mask.")
    small = [replace(part, data=part.data.astype(smallest_unsigned(part.data), copy=False)) for part in parts]
    with atomic_path(path, overwrite=overwrite) as temporary:
        try:
            if isinstance(format_, Overlapping):
                format_.write_overlapping(small, temporary, like)
            elif len(small) == 1:
                format_.write(small[0], temporary, like)
            else:
                raise UsageError(f"{path} holds one label for each voxel; write overlapping masks to several files.")
        except GeometryError as error:
            raise GeometryError(named(path, str(error))) from error
        except MemoryError as error:
            raise ResourceError(f"Could not write {path}: memory ran out; nothing was changed.") from error


def check_target(path: Path | str, like: Volume) -> list[str]:
    """Refuse before any work a mask that could not be written for this image; returns sentences that a person should see.

    Raises:
        UsageError: no format is written under that name, or it needs a DICOM image and this is none.
        InputError: it needs a place in the patient, and the image has none.
    """
    format_ = _writer(Path(path))
    return format_.check_source(Path(path), like) if isinstance(format_, Referring) else []


def holds_overlaps(path: Path | str) -> bool:
    """Whether a mask of this name can hold labels that overlap each other, as DICOM SEG and RTSTRUCT can.

    Raises:
        UsageError: no format is written under that name.
    """
    return isinstance(_writer(Path(path)), Overlapping)


def source_format(path: Path | str) -> str:
    """The name in :data:`FORMATS` of the format that reads ``path``.

    Raises:
        InputError: the path does not exist, or is a pipe, a device or a broken link.
        FormatError: the file is empty, or no format claims it; the message says what it looks like.
    """
    path = Path(path)
    check_path(path)
    for name in FORMATS.names():
        if FORMATS.get(name).claims(path):
            return name
    known = ", ".join(FORMATS.get(name).suffixes[0] for name in FORMATS.names() if FORMATS.get(name).suffixes)
    looks = looks_like(head_of(path))
    raise FormatError(
        f"{path} has no name ending that samaritan knows ({known}, or a folder of DICOM files)"
        f"{f' and looks like {looks}' if looks else ''}; rename or convert it."
    )


def check_head(path: Path | str) -> None:
    """Refuse what :func:`read_volume` would refuse after a look at the first bytes; what passes may be damaged further on.

    Raises:
        InputError: as :func:`source_format`, or the file declares what is not supported.
        FormatError: the first bytes are damaged, or are those of something else.
    """
    path = Path(path)
    format_ = FORMATS.get(source_format(path))
    if isinstance(format_, Headed):
        format_.check_head(path)


def needs_image(path: Path | str) -> bool:
    """Whether labels can be read from an existing ``path`` only together with their image, as from an RTSTRUCT."""
    formats = map(FORMATS.get, FORMATS.names())
    return any(isinstance(format_, Drawn) and format_.claims(Path(path)) for format_ in formats)


def default_output_suffix(path: Path | str) -> str:
    """The name ending of a mask for the source ``path``: .png, .tif, .nii.gz, .nrrd, .mha or .dcm.

    Raises:
        InputError: as :func:`source_format`.
    """
    return FORMATS.get(source_format(path)).mask_suffix


def _writer(path: Path) -> Format:
    """The format with the longest of the endings that fit."""
    endings = {suffix: FORMATS.get(name) for name in FORMATS.names() for suffix in FORMATS.get(name).write_suffixes}
    fitting = [suffix for suffix in endings if has_suffix(path, (suffix,))]
    if not fitting:
        raise UsageError(f"A mask cannot be written as {path.name!r}; end the name in one of {', '.join(endings)}.")
    return endings[max(fitting, key=len)]


def _same(left: Path, right: Path) -> bool:
    return right.exists() and left.samefile(right)
