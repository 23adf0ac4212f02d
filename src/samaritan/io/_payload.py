"""The voxel bytes of a file: exactly as many as the header declares, with checksums verified, and within memory."""

from __future__ import annotations

import resource
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from samaritan.core import FormatError, ResourceError

#: Deflate cannot shrink data further than this.
MAX_DEFLATE_RATIO = 1032

#: Above this declared size a compression ratio beyond SUSPICIOUS_RATIO is taken for a decompression bomb.
SUSPICIOUS_BYTES = 2**31
SUSPICIOUS_RATIO = 200

#: Compressed data may hold this much more than the header declares (padding, extensions); beyond it is refused.
MAX_EXCESS_BYTES = 64 * 2**20

_CHUNK = 2**20
_AUTO = 47  # zlib: a zlib or gzip header, whichever is there


def read_raw(path: Path, offset: int, count: int) -> NDArray[np.uint8]:
    """``count`` bytes from ``offset`` on.

    Raises:
        FormatError: the file is shorter.
        ResourceError: they do not fit into memory.
    """
    check_file(path, offset, count)
    check_memory(count, path)
    with path.open("rb") as file:
        content = np.fromfile(file, np.uint8, count, offset=offset)
    if content.size != count:  # the file shrank meanwhile
        raise _truncated(path, count, content.size)
    return content


def check_file(path: Path, offset: int, count: int) -> None:
    """Refuse a file with fewer than ``count`` bytes from ``offset`` on.

    Raises:
        FormatError: it is truncated.
    """
    available = path.stat().st_size - offset
    if count > available:
        raise _truncated(path, count, available)


def inflate(path: Path, count: int, *, start: int = 0, skip: int = 0) -> tuple[NDArray[np.uint8], list[str]]:
    """``count`` bytes, after ``skip``, of the gzip or zlib stream that begins at file position ``start``.

    The stream is read to its end, so that the checksum and the length at its end are verified: a library that stops at the
    last voxel never sees them. Several gzip members in a row are one stream.

    Returns:
        The bytes, and warnings.

    Raises:
        FormatError: truncated, damaged (checksum), or a decompression bomb.
        ResourceError: the bytes do not fit into memory.
    """
    _check_plausible(path, skip + count, path.stat().st_size - start)
    check_memory(count, path)
    content = np.empty(count, np.uint8)
    warnings: list[str] = []
    position = 0
    with path.open("rb") as file:
        file.seek(start)
        for chunk in _chunks(file, path, warnings):
            low, high = max(position, skip), min(position + len(chunk), skip + count)
            if low < high:
                content[low - skip : high - skip] = np.frombuffer(chunk, np.uint8)[low - position : high - position]
            position += len(chunk)
            if position > skip + count + MAX_EXCESS_BYTES:
                raise FormatError(f"{path} expands to much more than its header declares; it is damaged or a trap.")
    if position < skip + count:
        raise _truncated(path, skip + count, position)
    return content, warnings


def peek(path: Path, count: int) -> bytes:
    """Up to ``count`` first bytes of a gzip stream.

    Raises:
        FormatError: the stream is damaged.
    """
    with path.open("rb") as file:
        try:
            return zlib.decompressobj(_AUTO).decompress(file.read(_CHUNK), count)
        except zlib.error as error:
            raise _damaged(path, error) from error


def check_memory(count: int, path: Path) -> None:
    """Refuse early what would be killed later.

    Raises:
        ResourceError: ``count`` bytes are more than this machine, or this process, has left.
    """
    available = _available()
    if available is not None and count > available:
        raise ResourceError(
            f"{path} needs {count / 2**30:.1f} GiB of memory and {available / 2**30:.1f} GiB are free; "
            "use a larger machine or cut the image."
        )


def _available() -> int | None:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    try:
        status = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text("ascii").splitlines())
        free = int(status["MemAvailable"].split()[0]) * 1024
        used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    except (OSError, KeyError, ValueError):  # not Linux
        return None
    return free if limit == resource.RLIM_INFINITY else min(free, max(0, limit - used))


def _chunks(file: IO[bytes], path: Path, warnings: list[str]) -> Iterator[bytes]:
    """The decompressed stream in pieces of at most _CHUNK bytes, over all members, to the verified end."""
    pending = file.read(_CHUNK)
    while pending:
        member = zlib.decompressobj(_AUTO)
        while not member.eof:
            try:
                piece = member.decompress(pending, _CHUNK)
            except zlib.error as error:
                raise _damaged(path, error) from error
            if piece:
                yield piece
            pending = member.unconsumed_tail
            if not member.eof and not pending and len(piece) < _CHUNK:
                pending = file.read(_CHUNK)
                if not pending:
                    raise FormatError(f"{path} is truncated: its compressed data stop early; fetch it again.")
        pending = member.unused_data or file.read(_CHUNK)
        if pending and not pending.startswith(b"\x1f\x8b"):
            if pending.strip(b"\0"):
                warnings.append("bytes after the end of the compressed data were ignored")
            return


def _check_plausible(path: Path, count: int, stored: int) -> None:
    if count > MAX_DEFLATE_RATIO * stored + _CHUNK:
        raise _truncated(path, count, stored, "compressed ")
    if count > SUSPICIOUS_BYTES and count > SUSPICIOUS_RATIO * stored:
        raise FormatError(
            f"{path} would expand {count // max(1, stored)}-fold to {count / 2**30:.1f} GiB, which no real image does; "
            "it looks like a decompression bomb."
        )


def _truncated(path: Path, needed: int, available: int, how: str = "") -> FormatError:
    return FormatError(
        f"{path} is truncated: its header declares {needed} bytes of voxels, the file holds {max(0, available)} {how}bytes; "
        "fetch it again."
    )


def _damaged(path: Path, error: zlib.error) -> FormatError:
    return FormatError(f"{path} is damaged: its compressed data fail their checksum ({error}); fetch it again.")
