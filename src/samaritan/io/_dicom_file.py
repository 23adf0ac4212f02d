"""One DICOM file opened with care: what it is, its header, and nothing inflated or followed that should not be."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

from samaritan.core import FormatError, InputError
from samaritan.io._base import FORMATS, has_suffix, reading
from samaritan.io._sniff import head_of, looks_like

SUFFIXES = (".dcm", ".dicom", ".ima")

SEGMENTATION_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
RTSTRUCT_CLASSES = ("1.2.840.10008.5.1.4.1.1.481.3",)
_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_UNDEFINED = 0xFFFFFFFF
_DEFLATED = b"1.2.840.10008.1.2.1.99"

#: A deflated data set may inflate to this many bytes, and beyond the first of them only to so many times its size.
_MAX_INFLATED = 2**30
_FREE_INFLATED = 2**26
_MAX_RATIO = 200

_PROGRAMS = (b"MZ", b"\x7fELF", b"#!")


def is_dicom(path: Path) -> bool:
    """Whether the file carries the DICOM mark, or begins as old files without a preamble do."""
    head = head_of(path)
    return head[128:132] == b"DICM" or _begins_with_element(head)


def is_of(path: Path, classes: tuple[str, ...]) -> bool:
    """Whether the file is a DICOM object of one of these SOP classes."""
    if not is_dicom(path):
        return False
    with reading(path, "DICOM"):
        return load(path, tags=["SOPClassUID"]).get("SOPClassUID") in classes


def load(path: Path, *, pixels: bool = False, tags: list[str] | None = None) -> Any:
    """The data set of a file, without pixels unless asked for; ``tags`` keeps it to some elements.

    Raises:
        FormatError: no DICOM, truncated, nested too deeply, or deflated data that expand without bound.
        InputError: a DICOMDIR.
    """
    import pydicom
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    head = head_of(path)
    marked = head[128:132] == b"DICM"
    if not marked and not _begins_with_element(head):
        looks = looks_like(head) or "no format that samaritan knows"
        raise FormatError(f"{path} is no DICOM file; it looks like {looks}.")
    with reading(path, "DICOM"):
        if marked and _DEFLATED in head:
            _check_deflated(path, 144 + int.from_bytes(head[140:144], "little"))
        dataset: Any = pydicom.dcmread(path, force=not marked, stop_before_pixels=not pixels, specific_tags=tags)
        if dataset.file_meta.get("MediaStorageSOPClassUID") == _DIRECTORY_CLASS:
            raise InputError(f"{path} is a DICOMDIR, an index of other files; give the folder with the images instead.")
        if "TransferSyntaxUID" not in dataset.file_meta:
            implicit, little = dataset.original_encoding
            explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
        if pixels:
            _check_whole(dataset)
    return dataset


def _check_whole(dataset: Any) -> None:
    """Refuse pixels that end before their declared length; the library takes what there is."""
    from pydicom.dataelem import RawDataElement

    stored = dataset.get_item("PixelData") if "PixelData" in dataset else None
    if isinstance(stored, RawDataElement) and stored.length != _UNDEFINED and len(stored.value or b"") < stored.length:
        raise FormatError(
            f"it declares {stored.length} bytes of pixels and holds {len(stored.value or b'')}; fetch it again."
        )


def preamble_warnings(path: Path) -> list[str]:
    """A sentence when the 128 bytes before the DICOM mark begin like a program."""
    head = head_of(path)
    if head[128:132] == b"DICM" and head.startswith(_PROGRAMS):
        return ["the preamble begins like a program; the file was read as DICOM only"]
    return []


def is_named_dicom(path: Path) -> bool:
    """Whether the name ends as DICOM files do."""
    return has_suffix(path, SUFFIXES)


def is_claimed(path: Path) -> bool:
    """Whether a file is DICOM's business: by its name, or by its mark where the name's ending belongs to no format."""
    if is_named_dicom(path):
        return True
    return not any(has_suffix(path, FORMATS.get(name).suffixes) for name in FORMATS.names()) and is_dicom(path)


def _begins_with_element(head: bytes) -> bool:
    """Files of before 1993 have neither preamble nor mark: they begin with an element of group 0002 or 0008."""
    group, element = int.from_bytes(head[:2], "little"), int.from_bytes(head[2:4], "little")
    if group not in (0x0002, 0x0008) or element > 0x2200 or len(head) < 132:
        return False
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    return explicit or int.from_bytes(head[4:8], "little") < 1024


def _check_deflated(path: Path, start: int) -> None:
    stored = path.stat().st_size - start
    inflater, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
    with path.open("rb") as file:
        file.seek(start)
        pending = file.read()
    while pending and not inflater.eof:
        total += len(inflater.decompress(pending, 2**20))
        pending = inflater.unconsumed_tail
        if total > _MAX_INFLATED or (total > _FREE_INFLATED and total > _MAX_RATIO * stored):
            raise FormatError(f"{path} holds deflated data that expand beyond any real image; it is damaged or a trap.")
