"""What a case's files held when it was measured, so that a rerun notices when they have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from samaritan.datasets._base import Case


def fingerprint(case: Case) -> str:
    """SHA-256 over the names and contents of the case's files, in their order; a folder (a DICOM series) by its files.

    Raises:
        OSError: a file cannot be read.
    """
    whole = hashlib.sha256()
    for source in case.sources:
        for file in _files(source):
            with file.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            whole.update(f"{file.name}\x1f{digest}\n".encode("utf-8", "surrogatepass"))
    return whole.hexdigest()


def _files(source: Path) -> Iterator[Path]:
    if source.is_dir():
        yield from sorted(file for file in source.rglob("*") if file.is_file())
    else:
        yield source
