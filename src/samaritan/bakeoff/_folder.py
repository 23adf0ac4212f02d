"""The folder of a bake-off: its settings, the shared split, and one folder for each arm."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samaritan.bakeoff._config import BASE, Arm, BakeoffConfig
from samaritan.bakeoff._result import SCORES, ArmResult
from samaritan.core import InputError, ResourceError, exclusive
from samaritan.datasets import Split

CONFIG, SPLIT = "bakeoff.yaml", "split.json"

#: Why each arm that failed did so, so that the table can say it.
FAILURES = "failures.json"

#: What is made from the arms.
TABLE, CSV, REPORT, CURVE = "bakeoff.json", "table.csv", "report.html", "few-shot.png"


@contextmanager
def hold(path: Path, config: BakeoffConfig, *, overwrite: bool) -> Iterator[None]:
    """Hold the folder of a new bake-off, or of an earlier one with the same settings (methods, seeds and few may differ).

    Raises:
        InputError: the folder holds a bake-off with other settings, or files that are none.
        ResourceError: another process holds it, or it cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(f"Could not make the folder {path}: {error.strerror or error}.") from error
    with exclusive(path / ".lock"):
        _check(path, config, overwrite=overwrite)
        config.write(path / CONFIG)
        yield


def read_config(path: Path) -> BakeoffConfig:
    """The settings of a bake-off's folder.

    Raises:
        InputError: there are none.
    """
    if not (path / CONFIG).is_file():
        raise InputError(
            f"{path} is not a bake-off: it holds no {CONFIG}; give the folder that `samaritan bakeoff -o` wrote."
        )
    return BakeoffConfig.read(path / CONFIG)


def finished(path: Path, arm: Arm) -> bool:
    """Whether an arm needs no more work."""
    return ArmResult.find(path / arm.folder) is not None


def training_patients(split: Split) -> int:
    """Patients in the training part of the data set that has fewest."""
    found: dict[str, set[str]] = {dataset: set() for dataset, _ in split.places}
    for key, place in split.places.items():
        if place == "train":
            found[key[0]].add(split.patients[key])
    return min(map(len, found.values()), default=0)


def count_cases(split: Split) -> dict[str, int]:
    """Number of cases in each part, over all data sets."""
    found = Counter(split.places.values())
    return {place: found[place] for place in dict.fromkeys(("train", "val", "test", *found))}


def count_patients(split: Split) -> dict[str, int]:
    """Number of patients in each part, over all data sets."""
    found: dict[str, set[tuple[str, str]]] = {"train": set(), "val": set(), "test": set()}
    for key, place in split.places.items():
        found.setdefault(place, set()).add((key[0], split.patients[key]))
    return {place: len(patients) for place, patients in found.items()}


def base_scores(path: Path) -> Path:
    """The run folder of the base's scores."""
    return path / BASE / SCORES


def _check(path: Path, config: BakeoffConfig, *, overwrite: bool) -> None:
    others = sorted(one.name for one in path.iterdir() if one.name != ".lock" and not one.name.startswith(".tmp-"))
    if not others:
        return
    if not (path / CONFIG).is_file():
        raise InputError(
            f"{path} holds files that are no bake-off ({', '.join(others[:3])}); choose an empty or a new folder."
        )
    if overwrite:
        _clear(path)
        return
    if found := BakeoffConfig.read(path / CONFIG).differences(config):
        raise InputError(
            f"{path} holds a bake-off with other settings ({', '.join(found)}); choose another folder, give the same "
            "settings to continue it, or pass --overwrite."
        )


def _clear(path: Path) -> None:
    """Remove what a bake-off writes, and nothing else."""
    for name in (CONFIG, SPLIT, FAILURES, TABLE, CSV, REPORT, CURVE):
        (path / name).unlink(missing_ok=True)
    for folder in path.iterdir():
        if folder.is_dir() and not folder.is_symlink() and _is_arm(folder):
            shutil.rmtree(folder)


def _is_arm(folder: Path) -> bool:
    return folder.name == BASE or "-seed" in folder.name
