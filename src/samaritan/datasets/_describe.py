"""What a data set is, in values for a table; and which bytes it was, for provenance."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from samaritan.core import InputError, LabelMap, Volume
from samaritan.core.public_data import titles
from samaritan.datasets._base import Case, Dataset
from samaritan.datasets.samples._base import COLLECTION, SAMPLES, open_sample

_CHUNK = 1 << 20


def describe(dataset: Dataset) -> dict[str, Any]:
    """A data set in plain values (JSON): names, counts, raters, labels; no image is read."""
    return {
        "name": dataset.name,
        "layout": dataset.layout,
        "modality": dataset.modality,
        "cases": len(dataset.cases),
        "patients": len({case.patient_id for case in dataset.cases}),
        "raters": list(dict.fromkeys(rater for case in dataset.cases for rater in case.read_references)),
        "labels": {value: name for case in dataset.cases for value, name in case.names.items()},
        "instances": any(case.instances for case in dataset.cases),
        "licence": dataset.licence,
        "sources": titles(dataset.sources),
        "description": dataset.description,
        "notes": list(dataset.notes),
    }


def describe_builtins() -> list[dict[str, Any]]:
    """Every built-in data set as :func:`describe` gives it, with ``available`` and, where it is not, what to install."""
    return [_describe_builtin(name) for name in SAMPLES.names()]


def _describe_builtin(name: str) -> dict[str, Any]:
    dataset = open_sample(name, check=False)
    missing = SAMPLES.get(name).missing()
    about = {**describe(dataset), "name": f"{COLLECTION}/{name}", "available": missing is None}
    if missing is not None:
        about["notes"] = [f"It {missing}.", *about["notes"]]
    return about


def fingerprint(case: Case) -> str:
    """SHA-256 of what the case is: of its files' content, or of the voxels where code makes the image.

    Raises:
        InputError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for source in case.sources:
        _add_path(digest, source)
    if not case.sources:
        _add_voxels(digest, case.read_image())
        for rater, read in case.read_references.items():
            digest.update(rater.encode())
            _add_voxels(digest, read())
    return digest.hexdigest()


def image_fingerprint(case: Case) -> str:
    """SHA-256 of the image alone: the same whatever the case is called and whatever was drawn on it.

    Raises:
        InputError: the file cannot be read.
    """
    digest = hashlib.sha256()
    if case.sources:
        _add_path(digest, case.sources[0])
    else:
        _add_voxels(digest, case.read_image())
    return digest.hexdigest()


def _add_path(digest: hashlib._Hash, path: Path) -> None:
    """A file's bytes, or those of all files of a folder by name; names themselves do not count."""
    if path.is_dir():
        for child in sorted(path.iterdir()):
            _add_path(digest, child)
        return
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise InputError(f"Could not read {path}: {error.strerror}.") from error


def _add_voxels(digest: hashlib._Hash, image: Volume | LabelMap) -> None:
    digest.update(f"{image.data.shape} {image.data.dtype.str}".encode())
    digest.update(image.geometry.affine.tobytes())
    digest.update(image.data.tobytes())
