"""The results of a run as a page of the documentation: one line per data set, one column per prompt."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._row import Level, Row
from samaritan.benchmark._seen import footnotes, mark
from samaritan.benchmark.report._arms import ARM_FIELDS, Arm, Arms
from samaritan.benchmark.report._numbers import NOTHING
from samaritan.benchmark.report._run import Run
from samaritan.benchmark.report._tables import group, patient
from samaritan.benchmark.statistics import FEW_PATIENTS, Summary, summarise
from samaritan.core import InputError, write_text

#: Packages whose version can move a number; the others are in provenance.json.
VERSIONS = ("samaritan", "torch", "transformers", "numpy", "scipy")

#: Settings that move a number, beside data, models, prompts and seed.
OPTIONS = (
    "split", "part", "limit", "repeats", "max_slices", "max_instances", "min_pixels", "raters", "plane", "intensity",
    "framing", "nsd_tolerance", "meta", "propagate",
)  # fmt: skip

#: What stands behind the model in the heading of a table -> which rows are in it.
TABLES: Mapping[str, Level] = {"": "target", ", object by object": "instance"}


def write_markdown_table(run: Path, out: Path) -> Path:
    """Write mean Dice with its interval for each data set and prompt, and NSD for the tight box, as Markdown.

    Instance-labelled data sets are once more in a second table, scored object by object. The page names the command and
    the versions that made it, and no path of the machine.

    Args:
        run: a run folder.
        out: the Markdown file.

    Returns:
        ``out``.

    Raises:
        InputError: ``run`` is not a run folder, or has no results yet.
        FormatError: a file in it is damaged.
        ResourceError: ``out`` cannot be written.
    """
    content = Run.read(run)
    if not content.rows:
        raise InputError(f"{run} has no results yet; run the benchmark first.")
    write_text(out, "\n".join(_page(content)) + "\n")
    return Path(out)


def _page(run: Run) -> Iterable[str]:
    arms = Arms.of(run.rows, run.config.get("prompts") or ())
    yield from ["# Results by data set", ""]
    yield from _origin(run)
    yield from _notes(run, arms)
    for system, rows in group(run.rows, lambda row: Arm.of(row).system).items():
        columns = [arm for arm in arms.all if arm.system == system]
        for title, level in TABLES.items():
            if members := [row for row in rows if row["level"] == level]:
                yield from ["", f"## {plain_text(system)}{title}", ""]
                yield from _table(members, columns, arms, level)


def _origin(run: Run) -> Iterable[str]:
    found: Mapping[str, str] = run.provenance.get("versions") or {}
    versions = [f"{name} {found[name]}" for name in VERSIONS if name in found]
    yield f"Made by `{_command(run.config)}`" + (f" with {', '.join(versions)}." if versions else ".")
    yield ""


def _notes(run: Run, arms: Arms) -> Iterable[str]:
    failed = sum(row["status"] == "failed" for row in run.rows)
    undefined = sum(row["status"] == "ok" and row["dice"] is None for row in run.rows)
    notes = [
        "Mean Dice over patients, in brackets its 95 % bootstrap interval over patients.",
        f"An asterisk marks fewer than {FEW_PATIENTS} patients: such an interval is too narrow, and one patient has none.",
        "The last line counts every data set the same.",
        f"Left out of means: {undefined} undefined and {failed} failed of {len(run.rows)} measurements.",
    ]
    if any(row["sampled"] for row in run.rows):
        notes.append("Some scores are over a declared sample of slices or objects (`max_slices`, `max_instances`).")
    if arms.oracles:
        names = ", ".join(f"`{prompt}`" for prompt in sorted(arms.oracles))
        notes.append(f"Oracle, an upper bound (the candidate was chosen by looking at the reference): {names}.")
    yield " ".join([*notes, *footnotes(row for row in run.rows if row["level"] == "target")])


def _table(rows: Sequence[Row], columns: Sequence[Arm], arms: Arms, level: Level) -> Iterable[str]:
    reference = next((arm for arm in columns if arm.prompt == arms.reference), columns[0])
    wanted = [*(("dice", arm) for arm in columns), ("nsd", reference)]
    heads = [f"`{arm.prompt}`" + (" (oracle)" if arm.prompt in arms.oracles else "") for arm in columns]
    yield table_row(["data set", "modality", "cases", "patients", *heads, f"NSD, `{reference.prompt}`"])
    yield table_row(["---", "---", *["---:"] * (len(heads) + 3)])
    datasets = group(rows, "dataset")
    for name in sorted(datasets):
        members = datasets[name]
        scores = _scores(members, wanted, level)
        title = f"{plain_text(name)} {mark(members)}".rstrip()
        yield table_row([title, plain_text(members[0]["modality"] or ""), *_size(members), *scores])
    if len(datasets) > 1:
        yield table_row(
            ["**mean of the data sets**", "", *_size(rows), *_scores(rows, wanted, level, macro=("dataset",))]
        )


def _size(rows: Sequence[Row]) -> tuple[str, str]:
    cases = {(row["dataset"], row["case_id"]) for row in rows}
    return str(len(cases)), str(len(group(rows, patient)))


def _scores(
    rows: Sequence[Row], wanted: Sequence[tuple[str, Arm]], level: Level, macro: Sequence[str] = ()
) -> list[str]:
    found = {
        (metric, Arm.of(s.group)): s
        for metric in ("dice", "nsd")
        for s in summarise(rows, ARM_FIELDS, metric, level=level, macro=macro)
    }
    return [_score(found.get(one)) for one in wanted]


def _score(summary: Summary | None) -> str:
    if summary is None or not math.isfinite(summary.mean):
        return NOTHING
    interval = f" [{summary.low:.2f}, {summary.high:.2f}]" if math.isfinite(summary.low) else ""
    return f"{summary.mean:.2f}{interval}" + (r" \*" if summary.n_patients < FEW_PATIENTS else "")


def _command(config: Mapping[str, Any]) -> str:
    """The command that the settings come from, without those that are as nobody said; of a foreign path only its name."""
    words = ["samaritan", "benchmark", *map(place, config.get("data") or ())]
    words += [word for name in config.get("models") or () for word in ("-m", name)]
    words += [word for path in config.get("adaptations") or () for word in ("-a", place(path))]
    words += [] if config.get("base", True) else ["--no-base"]
    words += [word for name in config.get("prompts") or () for word in ("-p", name)]
    for name in OPTIONS:
        value = config.get(name, default := RunConfig.model_fields[name].default)
        said = place(value) if name in ("meta", "split") and value else str(value)
        words += [f"--{name.replace('_', '-')}", said] if value != default else []
    return shlex.join([*words, "--seed", str(config.get("seed", 0))])


def place(text: str) -> str:
    """A path or the name of a sample; what lies outside of the working folder says too much about a machine."""
    path = PurePath(text)
    return path.name if path.is_absolute() or ".." in path.parts else text


def table_row(cells: Sequence[str]) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def plain_text(text: str) -> str:
    """A name from the data as plain text: nothing in it is Markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", " ".join(text.split()))
