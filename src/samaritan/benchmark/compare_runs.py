"""The tables of `samaritan compare RUN...`: every arm of every run, side by side and in pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from samaritan.benchmark._row import Level, Row
from samaritan.benchmark.compare import Comparison, all_pairs, arm_name, refuse_nothing
from samaritan.benchmark.statistics import Summary, read_rows, summarise
from samaritan.core import UsageError


@dataclass(frozen=True)
class ComparisonTable:
    """What `samaritan compare` prints.

    Attributes:
        metric: what is compared.
        summaries: per data set and arm (group "dataset" and "arm"), then, with several data sets, overall (group "arm" alone).
        comparisons: of all pairs of arms, likewise; Holm's correction is over the pairs of one data set, or overall.
    """

    metric: str
    summaries: list[Summary]
    comparisons: list[Comparison]


def read_arms(runs: Sequence[Path | str]) -> dict[str, list[Row]]:
    """The rows of run folders by arm; an arm that several runs have carries the run's name, ``litemedsam, box @ monday``.

    Raises:
        InputError: a folder holds no results.
        FormatError: a line of results is damaged.
        UsageError: a folder is given twice.
    """
    folders = [Path(run) for run in runs]
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise UsageError(f"A run is given twice among {', '.join(map(str, runs))}; give each once.")
    found: dict[str, dict[Path, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for folder in folders:
        for row in read_rows(folder):
            found[arm_name(row)][folder].append(row)
    names = [folder.resolve().name for folder in folders]
    run_name = {f: str(f) if names.count(name) > 1 else name for f, name in zip(folders, names, strict=True)}
    return {
        name if len(by_run) == 1 else f"{name} @ {run_name[folder]}": rows
        for name, by_run in found.items()
        for folder, rows in by_run.items()
    }


def compare_runs(
    runs: Sequence[Path | str],
    metric: str = "dice",
    *,
    level: Level = "target",
    seed: int = 0,
    resamples: int = 2000,
) -> ComparisonTable:
    """Compare all arms of one or several run folders, per data set and overall (where data sets count equally).

    Raises:
        InputError: a folder holds no results, or no two arms have a measurement in common.
        FormatError: a line of results is damaged.
        UsageError: a folder is given twice, or the metric does not exist.
    """
    arms = {name: [row for row in rows if row["level"] == level] for name, rows in read_arms(runs).items()}
    datasets = list(dict.fromkeys(row["dataset"] for rows in arms.values() for row in rows))
    summaries: list[Summary] = []
    comparisons: list[Comparison] = []
    for dataset in [*datasets, None] if len(datasets) > 1 else datasets:
        group = {} if dataset is None else {"dataset": dataset}
        chosen = {name: [r for r in rows if dataset in (None, r["dataset"])] for name, rows in arms.items()}
        chosen = {name: rows for name, rows in chosen.items() if rows}
        macro = ("dataset",) if dataset is None else ()
        for name, rows in chosen.items():
            found = summarise(rows, (), metric, level=level, macro=macro, seed=seed, resamples=resamples)
            summaries += [replace(one, group=group | {"arm": name}) for one in found]
        pairs = all_pairs(chosen, metric, level=level, macro=macro, seed=seed, resamples=resamples)
        comparisons += [replace(one, group=group) for one in pairs]
    refuse_nothing(comparisons, list(arms))
    return ComparisonTable(metric, summaries, comparisons)
