"""From rows to means with intervals: per group, per looseness of the box."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from samaritan.benchmark._patients import Bootstrap, Patients, patient_means, unit
from samaritan.benchmark._row import KEY, Level, Row
from samaritan.core import FormatError, InputError, UsageError
from samaritan.evaluate import METRICS

#: What a row holds beside metrics that can be averaged -> whether more is better.
OTHER_NUMBERS = {
    "quality": True, "seconds": False, "encode_seconds": False, "interactions": False, "dice_auc": True, "nsd_auc": True,
    "case_calls": False, "case_seconds": False,
}  # fmt: skip

#: With fewer, a bootstrap interval is too narrow, and Wilcoxon's test cannot reach p < 0.05.
FEW_PATIENTS = 6

Scored = tuple[Row, float | None]


@dataclass(frozen=True)
class Summary:
    """The mean of a group of rows over its patients.

    Attributes:
        group: field -> value that the rows share.
        n_rows: all rows, the undefined and failed ones included.
        n_patients: patients with at least one value; the mean, median and interval are over these.
        n_undefined: rows without a value because the metric is undefined there (see the policy for empty masks).
        n_failed: rows without a value because the measurement failed.
        mean: over patients; NaN without any.
        low: lower end of the bootstrap interval of the mean; NaN with one patient.
        high: upper end.
        median: over patients.
        best_is_high: direction of the metric.
    """

    group: dict[str, Any]
    n_rows: int
    n_patients: int
    n_undefined: int
    n_failed: int
    mean: float
    low: float
    high: float
    median: float
    best_is_high: bool

    @property
    def note(self) -> str:
        """What a reader must know before trusting the numbers; "" when there is nothing to say."""
        if self.n_patients == 0:
            return "no value"
        notes = []
        if not math.isfinite(self.low):
            notes.append("too few patients for an interval")
        elif self.n_patients < FEW_PATIENTS:  # resamples of so few miss the truth more often than 1 in 20
            notes.append(f"interval of {self.n_patients} patients only, too narrow")
        notes += [f"{self.n_undefined} undefined"] if self.n_undefined else []
        notes += [f"{self.n_failed} failed"] if self.n_failed else []
        return ", ".join(notes)


def read_rows(run: Path | str) -> list[Row]:
    """The rows of a run folder's results.jsonl, in the order of the file.

    A last line without its newline is what a killed run leaves, and is left out when it is not whole.

    Raises:
        InputError: there is no such file.
        FormatError: another line is not a row; the message has its number.
    """
    path = Path(run) / "results.jsonl"
    if not path.is_file():
        raise InputError(f"{run} holds no results.jsonl; give the folder that `samaritan benchmark -o` wrote.")
    *lines, rest = path.read_bytes().split(b"\n")
    rows = [_parse(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    try:
        return [*rows, _parse(rest, str(path))] if rest.strip() else rows
    except FormatError:
        return rows


def summarise(
    rows: Sequence[Row],
    by: Sequence[str],
    metric: str,
    *,
    level: Level = "target",
    macro: Sequence[str] = (),
    seed: int = 0,
    resamples: int = 2000,
) -> list[Summary]:
    """Mean and 95 % interval of ``metric`` for each group of rows.

    Values are averaged over repeats, then objects, raters, targets and cases of a patient, then over patients, which alone
    are resampled. Groups come in the order in which they appear.

    Args:
        rows: of any number of data sets and configurations.
        by: fields that form the groups, e.g. ``("dataset", "prompt")``; () makes one group.
        metric: a name in METRICS or :data:`OTHER_NUMBERS`.
        level: which rows count; "instance" averages the objects of an image first.
        macro: fields whose values count equally, whatever their number of patients: ``("dataset",)`` takes the mean per data
            set, then the mean of these, and draws patients within their data set.
        seed: of the bootstrap.
        resamples: of the bootstrap.

    Raises:
        UsageError: a field does not exist, or the metric does not.
    """
    best_is_high = direction(metric)
    scored = [(row, number(row, metric)) for row in rows if row["level"] == level]
    bootstrap = Bootstrap(seed, resamples)
    return [summary(g, members, best_is_high, macro, bootstrap) for g, members in groups(scored, by)]


def looseness(
    rows: Sequence[Row], by: Sequence[str], metric: str = "dice", *, seed: int = 0, resamples: int = 2000
) -> list[Summary]:
    """The metric against how far the box is off: groups as in :func:`summarise` with "option", "unit" and "amount" behind.

    ``box:margin=0.1`` is amount 0.1 of option "margin" in unit "side", ``box:jitter=10px`` amount 10 of "jitter" in "px";
    the tight ``box`` is amount 0 of every option. A range counts by its upper end. Other prompts are left out.

    Raises:
        UsageError: a field or the metric does not exist.
    """
    families: dict[tuple[str, str], list[tuple[float, Row]]] = defaultdict(list)
    tight = []
    for row in rows:
        if row["prompt"] == "box":
            tight.append((0.0, row))
        elif match := _LOOSE_BOX.fullmatch(row["prompt"]):
            families[match["option"], match["px"] or "side"].append((float(match["amount"]), row))
    summaries = []
    for (option, size), loose in families.items():
        for amount in sorted({amount for amount, _ in [*tight, *loose]}):
            chosen = [row for a, row in [*tight, *loose] if a == amount]
            point = {"option": option, "unit": size, "amount": amount}
            found = summarise(chosen, by, metric, seed=seed, resamples=resamples)
            summaries += [Summary(**(vars(s) | {"group": s.group | point})) for s in found]
    return summaries


def direction(metric: str) -> bool:
    """Whether more is better.

    Raises:
        UnknownNameError: there is no such metric; the message has the nearest ones.
    """
    return OTHER_NUMBERS[metric] if metric in OTHER_NUMBERS else METRICS.get(metric).higher_is_better


def number(row: Row, metric: str) -> float | None:
    """The row's value; None where the measurement failed or is undefined."""
    value = cast(Mapping[str, Any], row).get(metric)
    return None if row["status"] == "failed" or value is None or not math.isfinite(value) else float(value)


_LOOSE_BOX = re.compile(r"box:(?P<option>margin|jitter|shift)=(?:[\d.]+-)?(?P<amount>\d+\.?\d*|\.\d+)(?P<px>px)?")


def _parse(line: bytes, origin: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{origin} is not JSON; remove that line and run the benchmark again.") from error
    needed = (*KEY, "patient_id", "candidates", "status")
    lacking = [name for name in needed if not isinstance(row, dict) or isinstance(row.get(name, []), list | dict)]
    if lacking:
        raise FormatError(f"{origin} is not a row of results: it lacks {', '.join(lacking)}.")
    wrong = [name for name in (*METRICS.names(), *OTHER_NUMBERS) if not isinstance(row.get(name), int | float | None)]
    if wrong:
        raise FormatError(f"{origin} has something else than a number as {', '.join(wrong)}.")
    return cast(Row, row)


def groups(scored: Iterable[Scored], by: Sequence[str]) -> list[tuple[dict[str, Any], list[Scored]]]:
    """Rows with their values that share the fields ``by``, in the order in which groups first occur."""
    groups: dict[tuple[Any, ...], list[Scored]] = defaultdict(list)
    for row, value in scored:
        groups[_fields(row, by)].append((row, value))
    return [(dict(zip(by, values, strict=True)), members) for values, members in groups.items()]


def _fields(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
    try:
        return tuple(cast(Mapping[str, Any], row)[name] for name in names)
    except KeyError as error:
        raise UsageError(f"A row has no field {error}; it has {', '.join(row)}.") from error


def summary(
    group: dict[str, Any], scored: Sequence[Scored], best_is_high: bool, macro: Sequence[str], bootstrap: Bootstrap
) -> Summary:
    """The mean over the patients of one group."""
    strata: dict[tuple[Any, ...], list[tuple[Any, float]]] = defaultdict(list)
    for row, value in scored:
        if value is not None:
            strata[_fields(row, macro)].append((unit(row), value))
    patients = Patients.of({name: patient_means(values) for name, values in strata.items()})
    failed = sum(row["status"] == "failed" for row, _ in scored)
    low, high = bootstrap.interval(patients, fixed_datasets="dataset" in macro)
    return Summary(
        group=group,
        n_rows=len(scored),
        n_patients=len(patients.names),
        n_undefined=sum(value is None for _, value in scored) - failed,
        n_failed=failed,
        mean=float(patients.mean()[0]) if patients.names else math.nan,
        low=low,
        high=high,
        median=float(np.median(np.nanmean(patients.values, axis=1))) if patients.names else math.nan,
        best_is_high=best_is_high,
    )
