"""A folder of arrays that cost more to compute than to read: never needed, never wrong, at most so large."""

from __future__ import annotations

import json
import logging
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samaritan.core.atomic import atomic_path
from samaritan.core.errors import ResourceError

log = logging.getLogger(__name__)

Arrays = dict[str, NDArray[Any]]

ENDING = ".safetensors"

#: The key in a file's metadata under which its checksum stands.
_CHECKSUM = "crc32"

#: A store over its limit is brought down to this share of it, so that not every write looks at all files.
_AFTER = 0.9

#: What another process writes is noticed after this share of the limit has been written here.
_LOOK_AGAIN = 0.05

#: Seconds after which a temporary file is taken to be that of a writer who was killed.
_ABANDONED = 3600


class Size(NamedTuple):
    """Of a store: number of entries, and bytes."""

    entries: int
    bytes: int


class ArrayStore:
    """Named arrays under keys, in memory-mapped files; several processes may read and write one folder.

    An entry appears whole or not at all. It is handed out only when its checksum, which covers key, names, types, shapes and
    values, is right; what is not is computed again by whoever asked. What is read is a copy: nothing that is done to it reaches
    the file. Where nothing can be written any more, one warning says so and the work goes on.

    Args:
        folder: need not exist.
        limit: bytes; the entries that were used longest ago go first. None keeps everything.
        what: the entries, in warnings ("stored features").

    Attributes:
        full: True when writing has failed and is not tried any more.
        written: bytes of arrays that this object has written.
    """

    def __init__(self, folder: Path, *, limit: int | None = None, what: str = "stored arrays") -> None:
        self.folder = folder
        self.limit = limit
        self._what = what
        self.full = False
        self.written = 0
        self._known: int | None = None
        self._unseen = 0

    def read(self, key: str) -> Arrays | None:
        """The arrays under ``key``, or None where there are none, or damaged ones (said in a warning)."""
        from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - core is imported by every verb

        path = self.path(key)
        if not path.is_file():
            return None
        try:
            with safe_open(str(path), framework="np") as file:
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
                right = (file.metadata() or {}).get(_CHECKSUM) == _checksum(key, arrays)
        except FileNotFoundError:  # removed by another process in this moment
            return None
        except (SafetensorError, OSError, ValueError, TypeError):
            right = False
        if not right:
            log.warning("An entry of the %s (%s) is damaged and is computed again.", self._what, path.name)
            return None
        self._touch(path)
        return arrays

    def write(self, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep the arrays under ``key``, as far as that is possible."""
        from safetensors.numpy import save_file  # noqa: PLC0415

        arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}  # others are saved transposed
        size = sum(array.nbytes for array in arrays.values())
        if self.full or (self.limit is not None and size > self.limit):
            return
        path = self.path(key)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # what is in it comes from patients
            with atomic_path(path) as temporary:
                save_file(arrays, temporary, metadata={_CHECKSUM: _checksum(key, arrays)})
        except (ResourceError, OSError) as error:
            log.warning("Nothing is added to the %s any more: %s", self._what, error)
            self.full = True
            return
        self.written += size
        self._make_room(size)

    def size(self) -> Size:
        """How much there is."""
        found = [bytes_ for _, bytes_, _ in self._entries()]
        return Size(len(found), sum(found))

    def clear(self) -> Size:
        """Remove every entry, and tell how much that was.

        Raises:
            ResourceError: an entry cannot be removed.
        """
        found = self.size()
        try:
            for path in self._files():
                path.unlink(missing_ok=True)
        except OSError as error:
            raise ResourceError(f"Could not empty {self.folder}: {error.strerror or error}.") from error
        self._known = None
        return found

    def path(self, key: str) -> Path:
        """The file of ``key``, whether it is there or not."""
        return self.folder / key[:2] / f"{key}{ENDING}"

    def _touch(self, path: Path) -> None:
        """The time of the last use is the file's time of change."""
        if self.limit is None:
            return
        with suppress(OSError):  # read-only, or removed in this moment
            os.utime(path)

    def _make_room(self, written: int) -> None:
        if self.limit is None:
            return
        self._unseen += written
        if self._known is not None and self._unseen < _LOOK_AGAIN * self.limit:
            self._known += written
            if self._known <= self.limit:
                return
        self._remove_oldest()

    def _remove_oldest(self) -> None:
        entries = sorted(self._entries())
        total = sum(bytes_ for _, bytes_, _ in entries)
        if self.limit is not None and total > self.limit:
            for _, bytes_, path in entries:
                if total <= _AFTER * self.limit:
                    break
                try:
                    path.unlink(missing_ok=True)
                except OSError:
                    continue
                total -= bytes_
        self._known, self._unseen = total, 0

    def _entries(self) -> Iterator[tuple[int, int, Path]]:
        """(time of last use, bytes, path) of every entry; what killed writers left goes."""
        for path in self._files():
            try:
                status = path.stat()
                if not path.name.startswith(".tmp-"):
                    yield status.st_mtime_ns, status.st_size, path
                elif time.time() - status.st_mtime > _ABANDONED:
                    path.unlink(missing_ok=True)
            except OSError:
                continue

    def _files(self) -> list[Path]:
        """Entries, and what writers have under temporary names."""
        return list(self.folder.glob(f"??/*{ENDING}"))


def _checksum(key: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    found = zlib.crc32(key.encode())
    for name in sorted(arrays):
        array = arrays[name]
        found = zlib.crc32(json.dumps([name, array.dtype.str, array.shape]).encode(), found)
        found = zlib.crc32(array.reshape(-1).view(np.uint8).data, found)
    return f"{found:08x}"
