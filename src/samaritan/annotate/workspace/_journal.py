"""The journal of a case: every edit is on disk before it is acknowledged; the masks are made from it, not the other way.

A line that a crash cut short was never acknowledged, and is dropped. Any other damage ends the journal there: what lies
before it is kept, and the whole file is set aside under another name.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Container, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from samaritan.annotate.workspace._layout import Layout
from samaritan.annotate.workspace._records import DamagedLineError, Head, Line, Record
from samaritan.core import ResourceError, write_bytes

#: The file's last lines are looked for from its end in steps of so many bytes.
_STEP = 2**16


class Journal:
    """Appends to and reads one file of lines.

    Args:
        path: need not exist.

    Attributes:
        size: bytes of whole lines, as far as they were read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._handle: int | None = None

    def head(self) -> Head | None:
        """The first line; None where there is no journal, or none whole.

        Raises:
            DamagedLineError: it is not what was written.
            ResourceError: the file cannot be read.
        """
        with self._file() as file:
            line = file.readline() if file else b""
        return Head.of_line(line) if line.endswith(b"\n") else None

    def replay(self, start: int = 0) -> Iterator[tuple[int, Record]]:
        """(place, record) of every edit from byte ``start`` on; sets :attr:`size` as it goes.

        Raises:
            DamagedLineError: as soon as a whole line is not what was written.
            ResourceError: the file cannot be read.
        """
        self.size = start
        with self._file() as file:
            if file is None:
                return
            file.seek(start)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                place = self.size
                record = Record.of_line(line) if place else Head.of_line(line)
                self.size += len(line)
                if isinstance(record, Record):
                    yield place, record

    def read(self, place: int) -> Record:
        """The record whose line begins at byte ``place``.

        Raises:
            ResourceError: the file cannot be read, or was changed by somebody else.
        """
        with self._file() as file:
            if file is None:
                raise ResourceError(f"{self.path} was removed; what stands in it cannot be undone any more.")
            file.seek(place)
            try:
                return Record.of_line(file.readline())
            except DamagedLineError as error:
                raise ResourceError(
                    f"{self.path} was changed by another program ({error}); reload the case."
                ) from error

    def last(self) -> Record | None:
        """The last whole record, found from the file's end; None where there is none or it is damaged.

        Raises:
            ResourceError: the file cannot be read.
        """
        with self._file() as file:
            if file is None:
                return None
            end, size = file.seek(0, os.SEEK_END), _STEP
            while True:
                start = max(end - size, 0)
                file.seek(start)
                lines = [line for line in file.read().splitlines(keepends=True) if line.endswith(b"\n")]
                if len(lines) > 1:  # the first one is the head, or was cut by the step
                    return _record(lines[-1])
                if not start:
                    return None
                size *= 8

    def append(self, *lines: Line) -> int:
        """Write lines and wait until they are on disk; returns where the last one begins. Where that fails, nothing is added.

        Raises:
            ResourceError: the disk is full, the file cannot be written, or somebody has cut it.
        """
        contents = [line.to_line() for line in lines]
        try:
            handle = self._open()
            if os.fstat(handle).st_size < self.size:  # a line after the hole would count as damage at the next start
                raise ResourceError(
                    f"{self.path.name} was cut short by another program, so the edit was not done; start the annotator again."
                )
            os.ftruncate(handle, self.size)  # what an earlier failure, or a crash, left behind
            _write_all(handle, b"".join(contents), self.size)
            os.fsync(handle)
        except OSError as error:
            self._withdraw()
            raise ResourceError(
                f"The edit could not be written to {self.path.name} ({error.strerror or error}), so it was not done; "
                "free some space and try again."
            ) from error
        self.size += sum(map(len, contents))
        return self.size - len(contents[-1])

    def holds(self, line: bytes, end: int) -> bool:
        """Whether ``line`` stands in the file and ends at byte ``end``."""
        with self._file() as file:
            if file is None or end < len(line):
                return False
            file.seek(end - len(line))
            return file.read(len(line)) == line

    def set_aside(self) -> Path:
        """Move the file to another name, and leave its whole lines up to :attr:`size` in its place; returns that name.

        Raises:
            ResourceError: the folder cannot be written.
        """
        self.close()
        aside = free_name(self.path.with_suffix(".damaged.jsonl"))
        try:
            content = self.path.read_bytes()
            try:
                os.link(self.path, aside)  # both names for a moment, so that no crash leaves none
            except OSError:  # a file system without links
                write_bytes(aside, content)
        except OSError as error:
            raise ResourceError(f"Could not set {self.path} aside: {error.strerror or error}.") from error
        write_bytes(self.path, content[: self.size])
        return aside

    def close(self) -> None:
        """Let go of the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        if self._handle is not None and not os.fstat(self._handle).st_nlink:
            self._put_back(self._handle)
        if self._handle is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            for folder in (self.path.parent, self.path.parent.parent):
                _sync_folder(folder)
        return self._handle

    def _put_back(self, handle: int) -> None:
        """Somebody removed the file while it was open: what it held can still be read."""
        content = os.pread(handle, self.size, 0)
        self.close()
        write_bytes(self.path, content)

    def _withdraw(self) -> None:
        """Take back a line that was not written whole; it would be dropped at the next start anyway."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self.size)

    def _file(self) -> AbstractContextManager[BinaryIO | None]:
        try:
            return self.path.open("rb")
        except FileNotFoundError:
            return contextlib.nullcontext(None)
        except OSError as error:
            raise ResourceError(f"Could not read {self.path}: {error.strerror or error}.") from error


def orphans(layout: Layout, cases: Container[str]) -> list[str]:
    """Names of the cases that have a journal and are not among ``cases``, because their image was moved or renamed."""
    found = []
    for path in sorted(layout.journal("").parent.glob("*.jsonl")):
        if "." in path.stem or path.stem in cases:  # set aside, or refused
            continue
        with contextlib.suppress(DamagedLineError, ResourceError):
            head = Journal(path).head()
            if head is not None:
                found.append(head.name)
    return found


def free_name(path: Path) -> Path:
    """``path``, or the first of NAME-2, NAME-3 ... that does not exist."""
    stem, ending = path.name.split(".", 1)
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{stem}-{number}.{ending}")
    return free


def _record(line: bytes) -> Record | None:
    try:
        return Record.of_line(line)
    except DamagedLineError:
        return None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_all(handle: int, content: bytes, place: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(handle, view, place)
        view, place = view[written:], place + written
