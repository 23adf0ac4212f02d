"""From the folders of the arms to one table."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from samaritan.bakeoff._config import BASE, Arm, BakeoffConfig, plan
from samaritan.bakeoff._folder import (
    CSV,
    FAILURES,
    SPLIT,
    TABLE,
    base_scores,
    count_cases,
    count_patients,
    read_config,
    training_patients,
)
from samaritan.bakeoff._lines import Entry, Line, PromptTable, prompt_table
from samaritan.bakeoff._raters import RaterPair, pair_raters, read_scores
from samaritan.bakeoff._result import SCORES, ArmResult
from samaritan.benchmark._markdown import VERSIONS
from samaritan.benchmark._row import Row
from samaritan.benchmark.report._run import Run
from samaritan.benchmark.statistics import read_rows
from samaritan.core import InputError, read_text, write_text
from samaritan.datasets import Split


@dataclass(frozen=True)
class Bakeoff:
    """What a bake-off's folder holds, compared.

    Attributes:
        folder: of the bake-off.
        config: its settings.
        patients: part -> number of patients in it.
        cases: part -> number of cases in it.
        base: the model as it is.
        entries: methods, each with all its seeds.
        tables: one for each prompt of the test part.
        failed: arm -> why it has no result.
        waiting: arms that have not been run yet.
        base_run: the base's run folder, with versions, machine and data sets.
    """

    folder: Path
    config: BakeoffConfig
    patients: Mapping[str, int]
    cases: Mapping[str, int]
    base: Entry
    entries: tuple[Entry, ...]
    tables: tuple[PromptTable, ...]
    failed: Mapping[str, str]
    waiting: tuple[str, ...]
    base_run: Run

    @property
    def versions(self) -> str:
        """Packages whose version can move a number."""
        found = self.base_run.provenance.get("versions") or {}
        return ", ".join(f"{name} {found[name]}" for name in VERSIONS if name in found)

    @property
    def datasets(self) -> str:
        """Names of the data sets."""
        return ", ".join(str(one["name"]) for one in self.base_run.provenance.get("datasets") or ())

    @property
    def judged(self) -> list[Entry]:
        """The base and the methods trained on all patients, where several raters drew test cases."""
        return [entry for entry in (self.base, *self.entries) if entry.raters and entry.few is None]

    @property
    def rater_pairs(self) -> list[RaterPair]:
        """GED of every method that draws several answers against everything that gives one."""
        arms = {entry.label: entry.raters for entry in self.judged}
        prompts = dict.fromkeys(score.prompt for scores in arms.values() for score in scores)
        return [pair for prompt in prompts for pair in pair_raters(arms, prompt, seed=self.config.score.seed)]


def read_bakeoff(folder: Path) -> Bakeoff:
    """Read the arms that are finished.

    Raises:
        InputError: ``folder`` is no bake-off, or the base has not been measured yet.
        FormatError: a file in it is damaged.
    """
    config = read_config(folder)
    if not (folder / SPLIT).is_file() or ArmResult.find(folder / BASE) is None:
        raise InputError(f"{folder} has no results yet; run the bake-off first.")
    split = Split.read(folder / SPLIT)
    arms = plan(config, training_patients(split))
    done = {arm: result for arm in arms if (result := ArmResult.find(folder / arm.folder)) is not None}
    failures = _failures(folder)
    base, *entries = _entries(folder, done)
    prompts = list(dict.fromkeys(row["prompt"] for row in base.rows))
    return Bakeoff(
        folder=folder,
        config=config,
        patients=count_patients(split),
        cases=count_cases(split),
        base=base,
        entries=tuple(entries),
        tables=tuple(prompt_table(prompt, base, entries, seed=config.score.seed) for prompt in prompts),
        failed={arm.folder: failures[arm.folder] for arm in arms if arm not in done and arm.folder in failures},
        waiting=tuple(arm.folder for arm in arms if arm not in done and arm.folder not in failures),
        base_run=Run.read(base_scores(folder)),
    )


def write_results(folder: Path) -> Bakeoff:
    """Write bakeoff.json, table.csv, the few-shot curve and the report from the arms that are finished.

    Raises:
        InputError: as :func:`read_bakeoff`.
        ResourceError: a file cannot be written.
    """
    from samaritan.bakeoff._curve import draw_few  # noqa: PLC0415 - drawing libraries import slowly
    from samaritan.bakeoff.report import write_report  # noqa: PLC0415

    bakeoff = read_bakeoff(folder)
    content = {
        "config": bakeoff.config.model_dump(mode="json"), "patients": dict(bakeoff.patients),
        "tables": [asdict(table) for table in bakeoff.tables], "failed": dict(bakeoff.failed),
        "waiting": list(bakeoff.waiting),
    }  # fmt: skip
    write_text(folder / TABLE, json.dumps(_plain(content), indent=1, allow_nan=False) + "\n")
    write_text(folder / CSV, csv_text(bakeoff))
    draw_few(bakeoff)
    write_report(bakeoff)
    return bakeoff


def _entries(folder: Path, done: Mapping[Arm, ArmResult]) -> list[Entry]:
    """Arms that differ in the seed only, together; the base first."""
    groups: dict[tuple[str, int | None], list[Arm]] = {}
    for arm in done:
        groups.setdefault((arm.label, arm.few), []).append(arm)
    return [
        Entry(
            label,
            few,
            tuple(done[arm] for arm in arms),
            tuple(row for arm in arms for row in _rows(folder, arm)),
            tuple(score for arm in arms for score in read_scores(folder / arm.folder)),
            tuple(arm.folder for arm in arms),
        )
        for (label, few), arms in groups.items()
    ]


def _rows(folder: Path, arm: Arm) -> list[Row]:
    """The rows of an arm, named by its method; a seed is a repeat."""
    named = {"adaptation": arm.label if arm.spec else "none"}
    return [
        cast(Row, {**row, **named, "repeat": row["repeat"] + 1000 * arm.seed})
        for row in read_rows(folder / arm.folder / SCORES)
    ]


def _failures(folder: Path) -> dict[str, str]:
    path = folder / FAILURES
    return dict(json.loads(read_text(path))) if path.is_file() else {}


def csv_text(bakeoff: Bakeoff) -> str:
    """The tables as CSV, a row for each method, prompt and number of training patients."""
    stream = io.StringIO()
    lines = [line for table in bakeoff.tables for line in (table.base, *table.lines, *table.few)]
    records = [_record(line) for line in lines]
    writer = csv.DictWriter(stream, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue()


def _record(line: Line) -> dict[str, object]:
    record: dict[str, object] = {
        "method": line.label, "prompt": line.prompt, "training_patients": line.few or "all", "seeds": line.seeds,
        "test_patients": line.dice.n_patients, "dice": line.dice.mean, "dice_low": line.dice.low,
        "dice_high": line.dice.high,
    }  # fmt: skip
    for name, paired in (("base", line.to_base), ("decoder", line.to_simplest)):
        for key in ("difference", "low", "high", "p", "p_holm", "rank_biserial"):
            record[f"{key}_to_{name}"] = getattr(paired, key) if paired else None
    finite = {key: None if isinstance(v, float) and not math.isfinite(v) else v for key, v in record.items()}
    return {**finite, "words": line.words, **asdict(line.cost)}


def _plain(value: Any) -> Any:
    """Without NaN, which is no JSON."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
