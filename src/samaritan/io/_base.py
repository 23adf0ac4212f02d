"""The contract of a file format, and how a fault inside a library becomes one sentence."""

from __future__ import annotations

import logging
import re
import sqlite3
import struct
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from PIL import Image

from samaritan.core import FormatError, GeometryError, InputError, LabelMap, Registry, ResourceError, UsageError, Volume


@dataclass(frozen=True)
class Choice:
    """What the caller picks where a source holds more than one image, and whom to tell how far reading is.

    Attributes:
        volume: number of the volume of a 4D image, of the page of a TIFF or of the frame of a cine loop; counts from 0.
        series: series of a DICOM folder, by its number in the list that the error message shows, or by its UID.
        prefer_qform: take the qform of a NIfTI file for the grid where it and the sform disagree.
        progress: called with (slices read, slices in all) by formats of many files.
    """

    volume: int | None = None
    series: str | None = None
    progress: Callable[[int, int], None] | None = None
    prefer_qform: bool = False

    def index(self, count: int, path: Path, what: str) -> int:
        """The chosen one of ``count`` volumes, pages or frames.

        Raises:
            GeometryError: nothing was chosen and there are several, or there is no such number.
        """
        if self.volume is None and count == 1:
            return 0
        if self.volume is None:
            raise GeometryError(f"{path} holds {count} {what}; choose one with volume=0 to volume={count - 1}.")
        if not 0 <= self.volume < count:
            raise GeometryError(f"{path} has no volume {self.volume}; its {what} are numbered 0 to {count - 1}.")
        return self.volume

    def refuse_series(self, path: Path) -> None:
        """Raise UsageError when a series was asked for where there is none."""
        if self.series is not None:
            raise UsageError(f"A series can be chosen in a DICOM folder only; {path} is none.")


class Format(Protocol):
    """A way in which images and label maps lie in files.

    Readers give finite voxels in (i, j, k[, 3]) on a RAS+ grid, keep the stored voxel order, and raise FormatError for a
    damaged file, GeometryError for an unusable grid. ``meta`` holds at least "format", "source" (file name), "files"
    (paths) and "warnings" (sentences). Writers get a temporary path and let OSError pass.

    Attributes:
        suffixes: lower-case name endings that are read, the usual one first.
        write_suffixes: name endings that :meth:`write` takes; empty for a format that is only read.
        mask_suffix: name ending of a mask that belongs to a source of this format.
    """

    @property
    def suffixes(self) -> tuple[str, ...]: ...

    @property
    def write_suffixes(self) -> tuple[str, ...]: ...

    @property
    def mask_suffix(self) -> str: ...

    def claims(self, path: Path, /) -> bool:
        """Whether an existing file or folder is this format's business, by its name (DICOM: by its first bytes too)."""

    def read(self, path: Path, choice: Choice, /) -> Volume:
        """Read an image."""

    def read_labels(self, path: Path, /) -> LabelMap:
        """Read a label map."""

    def write(self, labelmap: LabelMap, path: Path, like: Volume | None, /) -> None:
        """Write a label map on its own grid; ``like`` is the image it belongs to."""


@runtime_checkable
class Overlapping(Protocol):
    """A format whose labels may share voxels."""

    def write_overlapping(self, parts: Sequence[LabelMap], path: Path, like: Volume | None, /) -> None:
        """Write label maps on one grid, no value in two of them, into one file."""


@runtime_checkable
class Headed(Format, Protocol):
    """A format whose first bytes say whether the rest is worth reading."""

    def check_head(self, path: Path, /) -> None:
        """Raise what :meth:`read` would raise because of the first bytes; no voxel is read."""


@runtime_checkable
class Referring(Protocol):
    """A format that refers to the images it was made from, and so is written for some images only."""

    def check_source(self, path: Path, like: Volume, /) -> list[str]:
        """Raise where ``path`` cannot be written for ``like``; returns sentences about what will be less than usual."""


@runtime_checkable
class Drawn(Format, Protocol):
    """A format of curves, which have a place in the world and no voxels."""

    def read_onto(self, path: Path, like: Volume, /) -> LabelMap:
        """Read the label map on the grid of ``like``."""


for _chatty in (
    "tifffile",
    "pydicom",
):  # what they log on damaged files is in our error; without a handler it goes to stderr
    logging.getLogger(_chatty).addHandler(logging.NullHandler())

FORMATS: Registry[Format] = Registry("file format", "samaritan.io")


def has_suffix(path: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether the name ends in one of ``suffixes``, in upper or lower case."""
    return path.name.lower().endswith(suffixes)


_FAULTS: tuple[type[Exception], ...] = (
    OSError, ValueError, EOFError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError,
    SyntaxError, struct.error, zlib.error, sqlite3.Error, Image.DecompressionBombError,
)  # fmt: skip

#: Errors that libraries define themselves: module and name.
_OWN_FAULTS = (
    ("nibabel.spatialimages", "HeaderDataError"), ("nrrd.errors", "NRRDError"), ("pydicom.errors", "InvalidDicomError"),
    ("pydicom.errors", "BytesLengthException"),
)  # fmt: skip


def read_faults() -> tuple[type[Exception], ...]:
    """What the libraries raise on damaged input (highdicom keeps its frames in SQLite).

    A plain error of ours, such as a NameError, is not among them; nor are those of libraries that nothing has imported yet,
    which cannot have raised.
    """
    loaded = (getattr(sys.modules.get(module), name, None) for module, name in _OWN_FAULTS)
    return (*_FAULTS, *(fault for fault in loaded if fault is not None))


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turn every fault of a library while it reads ``path`` into an error that names the file.

    Warnings of the libraries are dropped: the readers check what matters themselves, and the texts may quote patient data.

    Raises:
        FormatError: the file is damaged.
        InputError: as raised inside, with the file's name.
        ResourceError: memory ran out.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError as error:
        raise type(error)(named(path, str(error))) from error
    except MemoryError as error:
        raise ResourceError(f"{path} needs more memory than is free; close programs or cut the image.") from error
    except RecursionError as error:
        raise FormatError(f"{path} is nested too deeply to be a valid {kind} file.") from error
    except read_faults() as error:
        detail = one_line(error)
        raise FormatError(
            f"{path} is damaged or is no valid {kind} file ({detail}); export or copy it again."
        ) from error


def one_line(error: Exception) -> str:
    """A library's message in one line, without quoted values: those of a DICOM header may be patient data."""
    from pydicom.datadict import tag_for_keyword

    text = re.sub(r"'([^']*)'", lambda m: m[0] if tag_for_keyword(m[1]) is not None else "'...'", str(error))
    return " ".join(text.split())[:200] or type(error).__name__


def named(path: Path, message: str) -> str:
    """``message`` with the file's name, once."""
    return message if str(path) in message else f"{path}: {message}"
