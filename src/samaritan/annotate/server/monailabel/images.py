"""The image that a question is about: one of the cases, one that a client sent for a session, or one sent with the question."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from samaritan import io
from samaritan.annotate.engine.requests import ImageRef
from samaritan.annotate.messages import CaseSummary
from samaritan.annotate.server.refusal import RefusedError
from samaritan.core import InputError, Volume, atomic_path
from samaritan.io.dicom import series_of

#: Files that clients read as they are; others are given to them as NIfTI on the same grid.
_PLAIN = (".nii", ".nii.gz", ".nrrd", ".mha", ".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")

_UID = re.compile(r"[0-9]+(\.[0-9]+)+")

#: Images that clients have sent and that are kept at a time; the one that was not used for longest makes room.
MOST_SESSIONS = 8

#: Seconds after which an image that a client has sent is forgotten.
EXPIRY = 3600.0


@dataclass(frozen=True, eq=False)
class Target:
    """An image to ask about.

    Attributes:
        ref: for the model process.
        like: its grid and meta data; its voxels take no memory.
    """

    ref: ImageRef
    like: Volume


class Opened(Protocol):
    """What is needed of an open case."""

    @property
    def image_ref(self) -> ImageRef:
        """Its image."""
        ...

    def like(self) -> Volume:
        """Grid and meta data of the image."""
        ...


class Cases(Protocol):
    """What is needed of the workspace."""

    @property
    def output(self) -> Path:
        """The folder of results."""
        ...

    @property
    def label_values(self) -> Mapping[str, int]:
        """Name of a label -> its value in mask files, ascending."""
        ...

    def summaries(self) -> Sequence[CaseSummary]:
        """All cases."""
        ...

    def document(self, case: str) -> Opened:
        """An open case."""
        ...

    def image_ref(self, case: str) -> ImageRef:
        """Where the image of a case is; it is not opened."""
        ...


def find(cases: Cases, image: str) -> CaseSummary:
    """The case of that id, name, name without its ending (as QuPath knows images), or DICOM series (as OHIF does).

    Raises:
        RefusedError: 404; there is none, or there are several.
    """
    summaries = cases.summaries()
    for told in (_by_id, _by_name, _by_stem):
        found = [one for one in summaries if told(one) == image]
        if len(found) == 1:
            return found[0]
    if _UID.fullmatch(image):
        found = [one for one in summaries if one.problem is None and _series(cases.image_ref(one.case)) == image]
        if len(found) == 1:
            return found[0]
    raise RefusedError(404, "not-found", "The folder has no image of that name, id or series, or more than one.")


def _by_id(case: CaseSummary) -> str:
    return case.case


def _by_name(case: CaseSummary) -> str:
    return case.name


def _by_stem(case: CaseSummary) -> str:
    return Path(case.name).name.split(".")[0]


def _series(ref: ImageRef) -> str | None:
    """The UID of the DICOM series that an image is; None for other images."""
    if ref.series is not None:
        return ref.series
    if is_plain(ref):
        return None
    files = sorted(ref.path.iterdir()) if ref.path.is_dir() else [ref.path]
    return next((uid for file in files if file.is_file() and (uid := _series_of(file))), None)


@lru_cache(4096)
def _series_of(file: Path) -> str | None:
    try:
        return series_of(file)
    except InputError:  # no DICOM file
        return None


def target_of(cases: Cases, image: str) -> Target:
    """A case as a target; raises as :func:`find`, and InputError where its image cannot be used."""
    document = cases.document(find(cases, image).case)
    return Target(document.image_ref, document.like())


def ending(path: Path) -> str:
    """The ending of the file that a client is given for an image at ``path``."""
    return next((end for end in sorted(_PLAIN, key=len, reverse=True) if path.name.lower().endswith(end)), ".nii.gz")


def file_name(case: CaseSummary, ref: ImageRef) -> str:
    """What a client may call the image's file: flat, with the ending that says what it holds."""
    stem = case.name.replace("/", "_").replace("\\", "_")
    end = ending(ref.path) if is_plain(ref) else ".nii.gz"
    return stem if stem.lower().endswith(end) else f"{stem}{end}"


def is_plain(ref: ImageRef) -> bool:
    """Whether the image is a file that a client can read as it is."""
    return ref.volume is None and ref.path.is_file() and ref.path.name.lower().endswith(_PLAIN)


def write_nifti(ref: ImageRef, path: Path) -> None:
    """The image as NIfTI, its voxels in their own order, so that an index of the one is an index of the other.

    Raises:
        InputError: the image cannot be used.
        ResourceError: the file cannot be written.
    """
    import nibabel  # noqa: PLC0415 - takes longer to import than the rest of this room

    volume = io.read_volume(ref.path, series=ref.series, volume=ref.volume)
    data: Any = volume.data
    if volume.is_colour:
        data = np.ascontiguousarray(data).view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    elif data.dtype not in (np.uint8, np.int16, np.uint16, np.int32, np.float32):
        data = data.astype(np.float32)
    as_nifti: Any = nibabel.Nifti1Image
    with atomic_path(path) as temporary:
        nibabel.save(as_nifti(data, volume.geometry.affine, dtype=data.dtype), temporary)


def checksum(path: Path) -> str:
    """As 3D Slicer compares it with the file that it has downloaded before."""
    with path.open("rb") as file:
        return f"SHA256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


@dataclass(eq=False)
class _Session:
    target: Target
    folder: Path
    made: float
    used: float


@dataclass(eq=False)
class Sessions:
    """Images that clients have sent, on disk until nobody asks about them any more. Its methods are called in threads.

    Attributes:
        root: folder for them; what a killed server left there goes with the next :meth:`clear`.
    """

    root: Path
    _kept: dict[str, _Session] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def folder(self) -> Path:
        """A new folder for one image."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self.root))

    def add(self, path: Path, folder: Path, name: str | None = None) -> str:
        """Keep the image at ``path`` in ``folder``; returns its id: ``name``, or a new one.

        Raises:
            InputError: it is no image that can be used.
        """
        name = name or secrets.token_urlsafe(16)
        volume = io.read_volume(path)
        nothing: Any = np.broadcast_to(np.uint8(0), volume.data.shape)
        like = replace(volume, data=nothing)
        now = time.monotonic()
        ref = ImageRef(f"session-{name}", path, modality=volume.modality)
        with self._lock:
            self._forget(now, room=1)
            self._kept[name] = _Session(Target(ref, like), folder, now, now)
        return name

    def get(self, name: str) -> Target | None:
        """The image of a session, which is used with this; None where it is unknown or forgotten."""
        with self._lock:
            now = time.monotonic()
            self._forget(now)
            found = self._kept.get(name)
            if found is None:
                return None
            found.used = now
            return found.target

    def about(self, name: str) -> dict[str, Any] | None:
        """What a client may know of a session."""
        with self._lock:
            self._forget(time.monotonic())
            found = self._kept.get(name)
            if found is None:
                return None
            age = time.monotonic() - found.made
            return {
                "name": name,
                "image": found.target.ref.path.name,
                "create_ts": int(time.time() - age),
                "expiry": EXPIRY,
            }

    def remove(self, name: str) -> None:
        """Forget a session and its files."""
        with self._lock:
            found = self._kept.pop(name, None)
        if found is not None:
            shutil.rmtree(found.folder, ignore_errors=True)

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._kept.clear()
        shutil.rmtree(self.root, ignore_errors=True)

    def _forget(self, now: float, room: int = 0) -> None:
        by_use = sorted(self._kept, key=lambda name: self._kept[name].used)
        late = [name for name in by_use if now - self._kept[name].used > EXPIRY]
        more = by_use[: max(0, len(by_use) - MOST_SESSIONS + room)]
        for name in {*late, *more}:
            shutil.rmtree(self._kept.pop(name).folder, ignore_errors=True)
