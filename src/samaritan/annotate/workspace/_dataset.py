"""The accepted cases as a data set that ``samaritan benchmark`` and ``samaritan adapt`` read: images/, masks/, dataset.yaml.

Images are hard links where the file system allows it, else copies; nothing is moved. Masks are copies of the saved files, so
no image is read for an export.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from samaritan import io
from samaritan.annotate.messages import ExportedSet
from samaritan.annotate.workspace import _layout
from samaritan.annotate.workspace._found import Found, ending_of
from samaritan.annotate.workspace._image import modality_of
from samaritan.annotate.workspace._project import Project
from samaritan.annotate.workspace.document import Document
from samaritan.core import InputError, SamaritanError, atomic_folder
from samaritan.datasets import DatasetInfo
from samaritan.datasets._info import FILE_NAME
from samaritan.io._dicom_file import SUFFIXES as DICOM_ENDINGS
from samaritan.io.dicom import patient_of, series_of

#: Headers that name their data file, so that neither can get another name.
_DETACHED = (".mhd", ".nhdr", ".hdr", ".img", ".img.gz")

#: Lies in every export: a folder without it is somebody's own.
_MADE = ".samaritan-export"

#: Settings of the data set that the images come from which hold for the export too.
_CARRIED = ("modality", "spacing", "intensity", "licence", "sources")


def export(documents: Sequence[Document], project: Project) -> ExportedSet:
    """Write the cases of ``documents`` in place of an earlier export.

    Raises:
        InputError: there is none, none can be exported, or the folder holds something else.
        ResourceError: the folder cannot be written; an earlier one is as it was.
    """
    if not documents:
        raise InputError("No case is accepted yet; accept at least one, then export.")
    target = project.layout.dataset
    if target.exists() and any(target.iterdir()) and not (target / _MADE).is_file():
        raise InputError(f"{target} was not made by an export, and is not replaced by one; give it another name.")
    skipped: list[str] = []
    done: dict[str, Found] = {}
    with atomic_folder(project.layout.dataset, overwrite=True) as folder:
        for part in ("images", "masks"):
            (folder / part).mkdir()
        for document in documents:
            name = _free(document.found, done)
            try:
                _put(document, name, folder)
            except SamaritanError as error:
                skipped.append(project.plain(f"{document.found.name}: {error}"))
            else:
                done[name] = document.found
        if not done:
            raise InputError(f"No case could be exported: {'; '.join(skipped)}")
        _info(done, project).write(folder / FILE_NAME)
        (folder / _MADE).touch()
    return ExportedSet(folder=str(project.layout.dataset), cases=len(done), skipped=tuple(skipped))


def _free(found: Found, taken: Iterable[str]) -> str:
    """A name for a case that differs from all others in more than upper and lower case."""
    if ending_of(found.path) in _DETACHED and found.path.is_file():
        return found.path.name[: -len(ending_of(found.path) or "")]
    name = _layout.flat_name(found.name)
    used = {other.casefold() for other in taken}
    return name if name.casefold() not in used else f"{name}-{found.case[:8]}"


def _put(document: Document, name: str, folder: Path) -> None:
    """Image and mask of one case."""
    if document.problem is not None:
        raise InputError(document.problem)
    found, mask = document.found, document.saved_mask()
    try:
        files = _files(found)
    except FileNotFoundError as error:
        raise InputError(f"{found.path.name} is not there any more; put it back.") from error
    if found.path.is_dir():
        (folder / "images" / name).mkdir()
        targets = [folder / "images" / name / path.name for path in files]
    elif len(files) > 1:
        targets = [folder / "images" / path.name for path in files]
    else:
        targets = [folder / "images" / f"{name}{ending_of(found.path) or found.path.suffix or '.dcm'}"]
    if any(target.exists() for target in targets):
        raise InputError("another accepted case has files of the same names; rename one of them.")
    ending = mask.name[len(_stem(mask)) :]
    try:
        for path, target in zip(files, targets, strict=True):
            _link(path, target)
        shutil.copyfile(mask, folder / "masks" / f"{name}{ending}")
    except FileNotFoundError as error:
        for target in targets:
            target.unlink(missing_ok=True)
        raise InputError(f"{Path(str(error.filename)).name} is not there any more; put it back.") from error


def _files(found: Found) -> list[Path]:
    """All files of an image."""
    if found.path.is_dir():
        files = [path for path in sorted(found.path.iterdir()) if path.is_file() and not path.name.startswith(".")]
        return [path for path in files if found.series is None or _is_of(path, found.series)]
    if ending_of(found.path) in _DETACHED:
        return [Path(str(path)) for path in io.read_volume(found.path).meta["files"]]
    return [found.path]


def _is_of(path: Path, series: str) -> bool:
    try:
        return series_of(path) == series
    except InputError:
        return False


def _link(path: Path, target: Path) -> None:
    source = path.resolve(strict=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def _stem(mask: Path) -> str:
    ending = ending_of(mask) or mask.suffix
    return mask.name[: -len(ending)]


def _patient(found: Found, salt: bytes) -> str | None:
    """Whose image it is, as its data set says, or a pseudonym of what its DICOM header says; None where nobody knows."""
    if found.known is not None and found.known.patient_id != found.known.case_id:
        return found.known.patient_id
    if found.info is not None and found.info.patients:
        with contextlib.suppress(InputError):
            return found.info.patient(found.name.rpartition("/")[2])
    files = _files(found) if found.path.is_dir() else [found.path]
    if ending_of(found.path) is None or ending_of(found.path) in DICOM_ENDINGS:
        with contextlib.suppress(InputError):
            return patient_of(files[0], salt)
    return None


def _info(done: dict[str, Found], project: Project) -> DatasetInfo:
    """dataset.yaml: the labels, and what is known about all of the images."""
    known = [found.info for found in done.values()]
    first = known[0]
    carried: dict[str, Any] = {}
    if first is not None and all(info == first for info in known):
        carried = {key: getattr(first, key) for key in _CARRIED if key in first.model_fields_set}
    modalities = {modality_of(found) for found in done.values()}
    if len(modalities) == 1 and "modality" not in carried:
        carried["modality"] = modalities.pop()
    salt = project.salt()
    patients = {name: _patient(found, salt) or name for name, found in done.items()}
    labels = {value: name for name, value in project.labels.values.items()}
    return DatasetInfo.parse({**carried, "labels": labels, "patients": patients}, FILE_NAME)
