"""Arrays from an .npz archive that may come from anywhere: nothing is run, and nothing large is read on trust."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import FormatError, InputError, ResourceError

#: An array larger than this is refused before a byte of it is unpacked.
MAX_BYTES = 4 << 30

#: So is an archive whose content is this many times its own size, above ``BOMB_BYTES``.
MAX_RATIO = 200
BOMB_BYTES = 256 << 20


def read_npz(path: Path, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """The arrays ``names``, and those of ``optional`` that are there.

    Raises:
        FormatError: no npz, a name is missing, an array of objects, a member name that leads elsewhere, a declared size
            that is not what the array needs, or content out of all proportion to the file.
        ResourceError: the file cannot be read or does not fit into memory.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, path)
            if missing := [name for name in names if name not in members]:
                raise FormatError(f"{path} has no array {missing[0]!r}; it has {', '.join(sorted(members)) or 'none'}.")
            wanted = [name for name in (*names, *optional) if name in members]
            return {name: _read_member(archive, members[name], path) for name in wanted}
    except InputError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise FormatError(f"{path} is damaged or is no npz file ({error}); copy it again.") from error
    except OSError as error:
        raise ResourceError(f"Could not read {path}: {error.strerror or error}.") from error
    except MemoryError as error:
        raise ResourceError(f"{path} needs more memory than is free; close programs or cut the image.") from error


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Array name -> member, all sizes and names checked."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename
        if "/" in name or "\\" in name or not name.endswith(".npy"):
            raise FormatError(f"{path} holds a member {name!r}; an npz file of arrays holds NAME.npy only.")
        if name.removesuffix(".npy") in members:
            raise FormatError(f"{path} holds two members {name!r}; write it anew.")
        if member.file_size > MAX_BYTES:
            raise FormatError(
                f"{path} declares {member.file_size >> 20} MiB for {name}; allowed are {MAX_BYTES >> 20} MiB."
            )
        members[name.removesuffix(".npy")] = member
    content, packed = sum(m.file_size for m in members.values()), sum(m.compress_size for m in members.values())
    if content > BOMB_BYTES and content > MAX_RATIO * packed:
        raise FormatError(
            f"{path} would grow from {packed >> 10} KiB to {content >> 20} MiB, as no image does; it was not read."
        )
    return members


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> NDArray[Any]:
    """One array; its header is checked before memory is taken for it."""
    with archive.open(member) as stream:
        shape, dtype = _header(stream)
        start = stream.tell()
    if dtype.hasobject:
        raise FormatError(
            f"{member.filename} in {path} is an array of Python objects, which could run code; it was not read."
        )
    needed = start + int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize
    if needed != member.file_size:
        raise FormatError(
            f"{member.filename} in {path} needs {needed} bytes but has {member.file_size}; copy the file again."
        )
    with archive.open(member) as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"npy version {version[0]}.{version[1]}")
    shape, _, dtype = read(stream)
    return shape, dtype
