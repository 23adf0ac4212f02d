"""From what a person wrote on the command line to data sets."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from samaritan.core import InputError, ResourceError, UsageError
from samaritan.datasets._base import LAYOUTS, Dataset
from samaritan.datasets._info import FILE_NAME, DatasetInfo, Meta
from samaritan.datasets._listing import entries, folder_name, some, subfolders
from samaritan.datasets._manifest import FILE_NAME as MANIFEST
from samaritan.datasets._manifest import read_manifest
from samaritan.datasets.samples._base import COLLECTION, SAMPLES, open_sample

_LOG = logging.getLogger(__name__)


def open_datasets(args: Sequence[str], meta: Path | None = None) -> list[Dataset]:
    """The data sets behind paths and built-in names, in the order given; no image is read yet.

    Args:
        args: folders of data sets, folders of such folders, and built-in names ("samples", "samples/mni152"). A name of a
            built-in goes before a folder of that name; write ``./samples`` for the folder.
        meta: YAML file, folder name -> the keys of dataset.yaml, which it goes before.

    Raises:
        InputError: nothing there, nothing recognised, no case, or two data sets of one name.
        ResourceError: a folder cannot be looked at.
        UsageError: no argument at all, or a built-in name that does not exist.
    """
    if not args:
        raise UsageError("No data set was given; name a folder or a built-in such as 'samples'.")
    infos = Meta.read(meta).datasets if meta is not None else {}
    found = [opened for arg in args for opened in _open_arg(arg, infos)]
    origins = {folder_name(folder) for folder, _ in found if isinstance(folder, Path)}
    if infos and not set(infos) & origins:
        raise InputError(
            f"{meta} has settings for {some(sorted(infos))}, but none of these was among the data sets given."
        )
    _check_distinct(found)
    return [dataset for _, dataset in found]


def _check_distinct(found: Sequence[tuple[Path | str, Dataset]]) -> None:
    """Refuse two data sets of one name, and one data set that came in twice through a link."""
    seen: dict[object, Path | str] = {}
    for origin, dataset in found:
        place = origin.resolve() if isinstance(origin, Path) else origin
        if place in seen:
            raise InputError(f"{seen[place]} and {origin} are one and the same data set; name it once.")
        if dataset.name in seen:
            raise InputError(
                f"{seen[dataset.name]} and {origin} are both called {dataset.name!r}; give one a name in {FILE_NAME}."
            )
        seen[place] = seen[dataset.name] = origin


def builtin_names() -> list[str]:
    """The names that :func:`open_datasets` knows without a path."""
    return [COLLECTION, *(f"{COLLECTION}/{name}" for name in SAMPLES.names())]


def open_folder(folder: Path, info: DatasetInfo | None = None) -> Dataset:
    """The data set in one folder; the keys of ``info`` go before those of its dataset.yaml.

    Raises:
        InputError: the settings do not fit, or no layout (or more than one) recognises the folder.
    """
    beside = folder / FILE_NAME
    settings = (DatasetInfo.read(beside) if beside.is_file() else DatasetInfo()).updated(info)
    names = [settings.layout] if settings.layout else _claimed(folder)
    if len(names) > 1:
        raise InputError(f"{folder} looks like {' and like '.join(names)}; choose with 'layout:' in {FILE_NAME}.")
    if not names:
        raise _not_recognised(folder)
    return LAYOUTS.get(names[0]).read(folder, settings)


def _open_arg(arg: str, infos: Mapping[str, DatasetInfo]) -> list[tuple[Path | str, Dataset]]:
    """What one argument stands for, each with where it comes from."""
    if arg == COLLECTION:
        return [(f"{COLLECTION}/{name}", open_sample(name)) for name in _available_samples()]
    if arg.startswith(f"{COLLECTION}/"):
        return [(arg, open_sample(arg.removeprefix(f"{COLLECTION}/")))]
    return [(folder, open_folder(folder, infos.get(folder_name(folder)))) for folder in _folders(arg)]


def _available_samples() -> list[str]:
    """Samples whose images are on this machine; the others are named in the log."""
    missing = {name: SAMPLES.get(name).missing() for name in SAMPLES.names()}
    for name, what in missing.items():
        if what is not None:
            _LOG.warning("The built-in data set %s/%s is left out: it %s.", COLLECTION, name, what)
    return [name for name, what in missing.items() if what is None]


def _folders(arg: str) -> list[Path]:
    """The data set folders behind one argument: itself, or what it is a collection of."""
    folder = Path(arg)
    try:
        if not folder.is_dir():
            raise _missing(arg)
    except OSError as error:  # no permission, or longer than a path can be
        raise ResourceError(f"Could not look at {arg}: {error.strerror}.") from error
    if _is_dataset(folder):
        return [folder]
    children = subfolders(folder)
    found = [child for child in children if _is_dataset(child)]
    if not found:
        raise _not_recognised(folder)
    if passed := [child.name for child in children if child not in found]:
        _LOG.warning("%s: folders that are no data set are left out: %s.", folder, some(passed))
    return found


def _is_dataset(folder: Path) -> bool:
    return (folder / FILE_NAME).is_file() or bool(_claimed(folder))


def _claimed(folder: Path) -> list[str]:
    return [name for name in LAYOUTS.names() if LAYOUTS.get(name).claims(folder)]


def _missing(arg: str) -> Exception:
    if Path(arg).exists():
        return InputError(f"{arg} is a file; a data set is a folder. {_layouts()}")
    near = difflib.get_close_matches(arg, builtin_names(), n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else "."
    return InputError(f"There is no folder and no built-in data set {arg!r}{hint}")


def _not_recognised(folder: Path) -> InputError:
    if (folder / MANIFEST).is_file():
        try:
            read_manifest(folder)
        except InputError as error:  # the reason why no layout claimed the folder
            return error
    held = [path.name + "/" * path.is_dir() for path in entries(folder)]
    return InputError(f"{folder} is not a data set: it holds {some(held, 8) or 'nothing'}. {_layouts()}")


def _layouts() -> str:
    forms = "; ".join(f"{name}: {LAYOUTS.get(name).form}" for name in LAYOUTS.names())
    return f"Known layouts are {forms}; or a folder of such folders."
