"""Whether a weight file is the published one, or, where nobody published a checksum, the one that was fetched at first."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from samaritan.core import ModelError
from samaritan.models._source import WeightSource, recorded_in

_log = logging.getLogger(__name__)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_published(source: WeightSource, path: Path) -> bool:
    """Whether size and SHA-256 of the file are those published; where none are, those recorded when it was fetched."""
    digest, size = _proof(source, path)
    return digest is not None and size in (None, path.stat().st_size) and file_sha256(path) == digest


def verify_file(source: WeightSource, path: Path) -> None:
    """Compare a published file with its checksum, or with what was recorded when it was fetched.

    Raises:
        ModelError: size or SHA-256 differ, or there is nothing to compare with.
    """
    if is_published(source, path):
        say_unverified(source, path)
        return
    digest, size = _proof(source, path)
    if digest is None:
        raise ModelError(
            f"{path} cannot be compared with anything, since no checksum of {source.file} is published; run `samaritan "
            f"models pull {source.name} --from FILE` to vouch for it once, or pass it with --weights and --allow-unverified."
        )
    raise ModelError(
        f"{path} is not the published {source.file} of {source.name}: its SHA-256 or size ({path.stat().st_size} "
        f"bytes, published {size or 'unknown'}) differs; run `samaritan models pull {source.name}`, get it from "
        f"{source.url}, or pass it with --weights and --allow-unverified if you know where it comes from."
    )


def say_unverified(source: WeightSource, path: Path) -> None:
    """Warn where nothing but the first download proves what the weights are."""
    if source.sha256 is None:
        _log.warning(
            "The weights of %s are unverified: nobody published a checksum of %s, so that %s is only known to be what was "
            "fetched at first.",
            source.name,
            source.file,
            path,
        )


def _proof(source: WeightSource, path: Path) -> tuple[str | None, int | None]:
    if source.sha256 is not None:
        return source.sha256, source.size
    note = recorded_in(path)
    return note.get("sha256"), note.get("size")
