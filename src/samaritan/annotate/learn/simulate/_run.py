"""The loop: label, learn, propose, label on; under each condition, with the same cases and seeds."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
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
    """

    folder: Path
    table: str


def run_simulation(
    config: SimulationConfig, out: Path, progress: Callable[[str], None] | None = None, *, overwrite: bool = False
) -> Simulated:
    """Let the simulated annotator label all cases of each data set under each condition.

    Args:
        config: the settings.
        out: folder of the run.
        progress: is told, in sentences, what is done.
        overwrite: empty the folder first, where it holds a run.

    Raises:
        InputError: the folder holds something, or the data cannot be used.
        UsageError: an unknown model or data set.
    """
    say = progress or _silent
    _prepare(out, overwrite=overwrite)
    config.write(out / CONFIG)
    cache = EmbeddingCache(ArrayStore(out / "embeddings", limit=KEPT_BYTES, what="embeddings of a simulation"))
    for dataset in open_datasets(config.data, Path(config.meta) if config.meta else None):
        subjects = subjects_of(dataset, config.limit)
        shared = Shared(cache, out / "features")
        for number, condition in enumerate(CONDITIONS):
            say(f"{dataset.name}: {condition.label}, {len(subjects)} cases.")
            stream = Stream(config, condition, subjects, out / "work" / str(number), shared, say)
            for row in stream.run():
                _append(out / ROWS, row)
            for training in stream.trainings:
                _append(out / TRAININGS, training)
        _tidy(out)
    _tidy(out, "embeddings")
    return Simulated(out, write_report(out))


def _silent(sentence: str) -> None:
    """Nobody listens."""


def _tidy(out: Path, *more: str) -> None:
    """Remove what only a run that goes on needs."""
    for folder in ("work", "features", *more):
        shutil.rmtree(out / folder, ignore_errors=True)


def _prepare(out: Path, *, overwrite: bool) -> None:
    if out.exists() and any(out.iterdir()):
        if not (overwrite and (out / CONFIG).is_file()):
            raise InputError(
                f"{out} is not empty; choose another folder, or pass --overwrite where it holds a simulation."
            )
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)


def _append(path: Path, row: Any) -> None:
    content = {name: _plain(value) for name, value in asdict(row).items()}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(content) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return round(float(value), 6) if math.isfinite(value) else None
    return value
