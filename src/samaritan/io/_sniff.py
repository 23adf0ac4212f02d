"""What a path is before anything opens it, and what a file's first bytes look like."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from samaritan.core import FormatError, InputError

_HEAD_BYTES = 1024

# (offset, bytes, what it is); the first that fits wins
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"SIMPLE  =", "a FITS file"),
    (0, b"NRRD000", "an NRRD file"),
    (0, b"\x1f\x8b", "gzip-compressed data"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"\x93NUMPY", "a numpy array"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive"),
    (128, b"DICM", "a DICOM file"),
    (344, b"n+1\0", "a NIfTI image"),
    (344, b"ni1\0", "a NIfTI header"),
    (4, b"n+2\0", "a NIfTI-2 image"),
    (4, b"ni2\0", "a NIfTI-2 header"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (0, b"II+\0", "a TIFF picture"),
    (0, b"MM\0+", "a TIFF picture"),
    (0, b"ObjectType", "a MetaImage header"),
    (0, b"NDims", "a MetaImage header"),
    (0, b"MZ", "a Windows program"),
    (0, b"\x7fELF", "a Linux program"),
)
_TEXT = bytes(range(32, 127)) + b"\t\n\r\f\x1b"


def head_of(path: Path) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def looks_like(head: bytes) -> str | None:
    """What a file with these first bytes is, in words, or None when it cannot be told."""
    for offset, magic, name in _SIGNATURES:
        if head[offset : offset + len(magic)] == magic:
            return name
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<head")):
        return "an HTML page"
    if start.startswith(b"<"):
        return "an XML or HTML text"
    return "plain text" if head and not head.translate(None, _TEXT) else None


def require(path: Path, expected: tuple[str, ...], kind: str) -> str:
    """Check that the first bytes of ``path`` look like one of ``expected``; returns which.

    Raises:
        FormatError: they look like something else, which the message names.
    """
    found = looks_like(head_of(path))
    if found not in expected:
        raise FormatError(
            f"{path} is named like {kind} but looks like {found or 'no format that samaritan knows'}; "
            "give it its right name, or fetch it again."
        )
    return found


def check_path(path: Path) -> None:
    """Refuse what must not be opened: missing, dangling or looping links, pipes, devices, empty or unreadable files.

    Raises:
        InputError: with what the path is.
        FormatError: an empty file.
    """
    try:
        status = path.stat()
    except FileNotFoundError as error:
        what = "is a link to a file that does not exist" if path.is_symlink() else "does not exist"
        raise InputError(f"{path} {what}; check the path.") from error
    except (OSError, ValueError) as error:
        loop = isinstance(error, OSError) and error.errno == errno.ELOOP
        detail = "is a link that leads back to itself" if loop else f"cannot be opened ({_reason(error)})"
        raise InputError(f"{path} {detail}; check the path.") from error
    if stat.S_ISDIR(status.st_mode):
        return
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path} is a pipe, a socket or a device; give a file or a folder.")
    if status.st_size == 0:
        raise FormatError(f"{path} is an empty file; fetch or export it again.")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} may not be read; change its permissions.")


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
