"""The loop: label, learn, propose, label on; under each condition, with the same cases and seeds."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from samaritan.annotate.learn.simulate._cases import subjects_of
from samaritan.annotate.learn.simulate._config import CONDITIONS, SimulationConfig
from samaritan.annotate.learn.simulate._report import write_report
from samaritan.annotate.learn.simulate._stream import Shared, Stream
from samaritan.core import InputError
from samaritan.core.store import ArrayStore
from samaritan.datasets import open_datasets
from samaritan.models import MODELS
from samaritan.predict.cache import EmbeddingCache

#: Bytes of the embeddings that conditions share while a simulation runs.
KEPT_BYTES = 2**32

#: What a run writes.
ROWS, TRAININGS, CONFIG = "rows.jsonl", "trainings.jsonl", "config.yaml"


@dataclass(frozen=True)
class Simulated:
    """A simulation that is over.

    Attributes:
        folder: holds ``rows.jsonl`` (a line for each object), ``trainings.jsonl``, ``report.md``, ``plot.png`` and
            ``config.yaml``.
        table: the report's tables, Markdown.
        left_out: sentences about cases that cannot be read.
    """

    folder: Path
    table: str
    left_out: tuple[str, ...] = ()


def run_simulation(
    config: SimulationConfig, out: Path, progress: Callable[[str], None] | None = None, *, overwrite: bool = False
) -> Simulated:
    """Let the simulated annotator label all cases of each data set under each condition.

    A condition is done for all data sets before the next one. What a run that was stopped has done is not done again.

    Args:
        config: the settings.
        out: folder of the run.
        progress: is told, in sentences, what is done.
        overwrite: start anew, where the folder holds a run.

    Raises:
        InputError: the folder holds something else, or a run with other settings, or the data cannot be used.
        UsageError: an unknown model or data set.
    """
    say = progress or _silent
    _check(config, out, overwrite=overwrite)
    MODELS.get(config.model)
    datasets = open_datasets(config.data, Path(config.meta) if config.meta else None)
    left_out: list[str] = []
    subjects = {dataset.name: subjects_of(dataset, config.limit, left_out.append) for dataset in datasets}
    for sentence in left_out:
        say(sentence)
    for name, cases in subjects.items():
        if len(cases) <= config.every:
            raise InputError(
                f"{name} has {len(cases)} {'case' if len(cases) == 1 else 'cases'}, and the first training comes after "
                f"{config.every}, so that none is left to gain from it; give more cases, or a smaller --every."
            )
    _prepare(config, out, overwrite=overwrite)
    done = _done(out / ROWS)
    cache = EmbeddingCache(ArrayStore(out / "embeddings", limit=KEPT_BYTES, what="embeddings of a simulation"))
    shared = {dataset.name: Shared(cache, out / "work" / "features") for dataset in datasets}
    for condition, name in product(CONDITIONS, subjects):
        if (name, condition.label) not in done:
            say(f"{name}: {condition.label}, {len(subjects[name])} cases.")
            place = out / "work" / f"{condition.label} {name}"
            stream = Stream(config, condition, subjects[name], place, shared[name], say)
            rows = list(stream.run())
            _append(out / TRAININGS, stream.trainings)
            _append(out / ROWS, rows)
    for folder in ("work", "embeddings"):
        shutil.rmtree(out / folder, ignore_errors=True)
    return Simulated(out, write_report(out), tuple(left_out))


def _silent(sentence: str) -> None:
    """Nobody listens."""


def _check(config: SimulationConfig, out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that holds something else, before anything is read."""
    file = out / CONFIG
    if file.is_file() and not overwrite and SimulationConfig.read(file) != config:
        raise InputError(
            f"{out} holds a simulation with other settings; choose another folder, or pass --overwrite to start anew."
        )
    if out.exists() and any(out.iterdir()) and not file.is_file():
        raise InputError(f"{out} holds files that are no simulation; choose another folder.")


def _prepare(config: SimulationConfig, out: Path, *, overwrite: bool) -> None:
    """Make the folder, or take the one of a run that was stopped."""
    file = out / CONFIG
    if overwrite and file.is_file():
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    config.write(file)


def _done(rows: Path) -> set[tuple[str, str]]:
    """Data sets and conditions whose rows are there; they were written when all of them were known."""
    if not rows.is_file():
        return set()
    read = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    return {(row["dataset"], row["condition"]) for row in read}


def _append(path: Path, rows: Sequence[Any]) -> None:
    lines = [json.dumps({name: _plain(value) for name, value in asdict(row).items()}) for row in rows]
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return round(float(value), 6) if math.isfinite(value) else None
    return value
