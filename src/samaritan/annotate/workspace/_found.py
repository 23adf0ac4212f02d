"""Which images a folder holds. Names are looked at, of DICOM and NIfTI files the heads; no voxel is read."""

from __future__ import annotations

import hashlib
import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from samaritan.annotate.workspace import _volumes
from samaritan.core import InputError
from samaritan.datasets import Case, DatasetInfo
from samaritan.datasets._info import FILE_NAME
from samaritan.datasets._listing import printable
from samaritan.datasets._open import open_folder
from samaritan.io import FORMATS, check_head
from samaritan.io._dicom_file import SUFFIXES as _DICOM
from samaritan.io._dicom_file import is_dicom
from samaritan.io.dicom import series_of

_LOG = logging.getLogger(__name__)

#: Folders of images in the layouts of data sets -> folders beside them that hold masks, which are no cases.
_LAYOUTS = {
    "images": ("masks", "masks_raters"),
    "imagesTr": ("labelsTr",),
    "imagesTs": ("labelsTs",),
}
_MASKS = {name for names in _LAYOUTS.values() for name in names}

#: Files of a DICOM folder that are looked into; where these are of one series, the others are taken to be too.
_LOOKED_INTO = 24


@dataclass(frozen=True)
class Found:
    """One image, or something that looks like one.

    Attributes:
        case: opaque id, made from the path inside the folder; the same at every start.
        name: for people and for names of files: the path inside the folder without the ending; parts are joined by "/".
        path: the file, or the folder of a DICOM series.
        series: which series, where the folder holds several.
        volume: whether it is more than a picture, as far as the name tells.
        known: the case of a data set that this image belongs to, with its reference mask.
        info: the settings of that data set, or of the folder around.
        problem: why it cannot be opened.
    """

    case: str
    name: str
    path: Path
    series: str | None = None
    volume: bool = True
    known: Case | None = None
    info: DatasetInfo | None = None
    problem: str | None = None


def find_cases(folder: Path, output: Path) -> list[Found]:
    """The images in ``folder`` and the folders in it, by name; what lies in ``output``, hidden folders and masks are no cases.

    Links to places outside ``folder`` and links to folders are not followed.

    Raises:
        InputError: ``folder`` is no folder, or a dataset.yaml in it cannot be used.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; give the folder that holds the images.")
    root = folder.resolve()
    found = [case for place, files in _walk(folder, output.resolve()) for case in _cases_of(folder, root, place, files)]
    return sorted(_distinct(_with_layouts(folder, found)), key=lambda case: (case.name.casefold(), case.name))


def _walk(folder: Path, output: Path) -> Iterator[tuple[Path, list[str] | OSError]]:
    """(folder, its files by name) for every folder that may hold images; the error in place of files that cannot be listed."""
    failed: list[OSError] = []
    for place, below, files in os.walk(folder, onerror=failed.append):
        below[:] = sorted(name for name in below if _is_wanted(Path(place) / name, below, output))
        yield Path(place), sorted(name for name in files if not name.startswith("."))
    for error in failed:
        yield Path(str(error.filename)), error


def _is_wanted(place: Path, beside: Iterable[str], output: Path) -> bool:
    masks = place.name in _MASKS and any(place.name in _LAYOUTS[name] for name in beside if name in _LAYOUTS)
    return not (place.name.startswith(".") or masks or place.is_symlink() or place.resolve() == output)


def _cases_of(folder: Path, root: Path, place: Path, files: list[str] | OSError) -> list[Found]:
    """The cases among the files of one folder."""
    if isinstance(files, OSError):
        return [
            _found(folder, place, problem=f"The folder may not be read ({files.strerror}); change its permissions.")
        ]
    paths = [place / name for name in files]
    paths = [path for path in paths if not path.is_symlink() or _leads_inside(path, root)]
    plain = [_plain(folder, path) for path in paths if _is_plain(path, files)]
    dicom = [path for path in paths if _may_be_dicom(path)]
    return [*plain, *_series(folder, place, dicom)]


def _plain(folder: Path, path: Path) -> Found:
    return _found(folder, path, volume=_may_be_volume(path), problem=_problem(path))


def _problem(path: Path) -> str | None:
    """What the first bytes say against a file."""
    try:
        check_head(path)
    except (InputError, OSError) as error:
        return str(error)
    count = _volumes.count_of(path)
    return _volumes.sentence(path.name, count) if count > 1 else None


def _leads_inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return False


def _is_plain(path: Path, files: list[str]) -> bool:
    """Whether the name is that of an image that is no DICOM file."""
    ending = ending_of(path)
    if ending is None or ending in _DICOM:
        return False
    half = path.name[: -len(ending)]
    return not (ending in (".img", ".img.gz") and f"{half}.hdr" in files)


def ending_of(path: Path) -> str | None:
    """The longest name ending of a known format, in lower case; None where there is none."""
    return max((end for end in _endings() if path.name.lower().endswith(end)), key=len, default=None)


@cache
def _endings() -> tuple[str, ...]:
    return tuple({suffix for name in FORMATS.names() for suffix in FORMATS.get(name).suffixes})


def _may_be_volume(path: Path) -> bool:
    return ending_of(path) not in {*FORMATS.get("raster").suffixes, *FORMATS.get("tiff").suffixes}


def _may_be_dicom(path: Path) -> bool:
    """By its ending, or by its first bytes where the name has no ending, or a number as one ("IM0001", "1.2.840.5")."""
    ending = path.suffix.lower()
    if ending in _DICOM:
        return True
    try:
        return (not ending or ending[1:].isdigit()) and path.is_file() and is_dicom(path)
    except OSError:
        return False


def _series(folder: Path, place: Path, paths: list[Path]) -> list[Found]:
    """The series of a folder: one of several files is the folder, one of a single file is that file."""
    paths = [path for path in paths if path.name.upper() != "DICOMDIR"]
    step = max(len(paths) / _LOOKED_INTO, 1)
    sample = [paths[int(n * step)] for n in range(min(len(paths), _LOOKED_INTO))]
    series, bad = _by_series(folder, sample)
    if len(series) == 1 and not bad and len(paths) > 1:
        return [_found(folder, place)]
    if len(sample) < len(paths):
        series, bad = _by_series(folder, paths)
    several = len([uid for uid, files in series.items() if len(files) > 1])
    cases = list(bad)
    for uid, files in series.items():
        if len(files) == 1:
            cases.append(_found(folder, files[0], volume=False))
        else:
            cases.append(_found(folder, place, uid if several > 1 or len(series) > 1 else None))
    return cases


def _by_series(folder: Path, paths: Iterable[Path]) -> tuple[dict[str, list[Path]], list[Found]]:
    """(series -> its files, files that cannot be read)."""
    series: dict[str, list[Path]] = defaultdict(list)
    bad = []
    for path in paths:
        try:
            uid = series_of(path)
        except (InputError, OSError) as error:
            bad.append(_found(folder, path, volume=False, problem=str(error)))
            continue
        if uid is not None:
            series[uid].append(path)
    return series, bad


def _found(
    folder: Path, path: Path, series: str | None = None, *, volume: bool = True, problem: str | None = None
) -> Found:
    inside = path.relative_to(folder)
    text = os.fsencode(inside.as_posix()) + (f"#{series}".encode() if series else b"")
    ending = ending_of(path) if path.is_file() else None
    name = printable(inside.as_posix())
    name = name[: -len(ending)] if ending and len(name) > len(ending) else name
    parts = [part for part in name.split("/") if part]
    if len(parts) > 1 and parts[-2] in _LAYOUTS:
        del parts[-2]
    name = "/".join(parts) if name != "." else printable(folder.resolve().name)
    return Found(
        hashlib.sha256(text).hexdigest()[:16], f"{name}/{_number(series)}" if series else name, path, series, volume,
        problem=problem,
    )  # fmt: skip


def _number(series: str) -> str:
    return f"series {hashlib.sha256(series.encode()).hexdigest()[:6]}"


def _with_layouts(folder: Path, cases: Iterable[Found]) -> Iterator[Found]:
    """The same, with what the data set around each of them says."""
    infos: dict[Path, DatasetInfo | None] = {}
    known: dict[Path, dict[Path, Case]] = {}
    for case in cases:
        info = _nearest(folder, case.path if case.path.is_dir() else case.path.parent, infos)
        images = next((place for place in (case.path.parent, case.path) if place.name in _LAYOUTS), None)
        if images is None or not images.parent.is_relative_to(folder):
            yield replace(case, info=info)
            continue
        root = images.parent
        if root not in known:
            known[root] = _known(root, images.name)
        belongs = known[root].get(case.path)
        name = f"{case.name.rpartition('/')[0]}/{belongs.case_id}".lstrip("/") if belongs else case.name
        yield replace(case, name=name, info=info, known=belongs)


def _nearest(folder: Path, place: Path, infos: dict[Path, DatasetInfo | None]) -> DatasetInfo | None:
    """What the dataset.yaml says that lies in ``place``, or else in the next folder above it, up to ``folder``."""
    if place not in infos:
        if (place / FILE_NAME).is_file():
            infos[place] = DatasetInfo.read(place / FILE_NAME)
        else:
            infos[place] = None if place == folder else _nearest(folder, place.parent, infos)
    return infos[place]


def _known(root: Path, images: str) -> dict[Path, Case]:
    """Image -> case of the data set in ``root``; nothing where it has no masks, or cannot be used as one."""
    if not any((root / masks).is_dir() for masks in _LAYOUTS[images]):
        return {}
    try:
        return {case.sources[0]: case for case in open_folder(root).cases if case.sources}
    except InputError as error:
        _LOG.warning("The masks in %s are not taken over: %s", root, error)
        return {}


def _distinct(cases: Iterable[Found]) -> list[Found]:
    """The same with names that differ, also where a file system does not tell upper from lower case."""
    groups: dict[str, list[Found]] = defaultdict(list)
    for case in cases:
        groups[case.name.casefold()].append(case)
    return [
        replace(case, name=f"{case.name} ({case.case[:4]})") if len(group) > 1 else case
        for group in groups.values()
        for case in group
    ]
