"""What ``samaritan benchmark`` and ``samaritan compare`` print."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape

from samaritan.show._terminal import console, errors, fill_grouped, interval, table_of

if TYPE_CHECKING:
    from samaritan.benchmark import RunResult
    from samaritan.benchmark._progress import Reporter
    from samaritan.benchmark.compare import Comparison
    from samaritan.benchmark.compare_runs import ComparisonTable
    from samaritan.benchmark.statistics import Summary


@contextmanager
def case_bar(quiet: bool) -> Iterator[Reporter]:
    """The benchmark's bar over cases, or silence."""
    from samaritan.benchmark._progress import Bar, Silent  # noqa: PLC0415 - imports torch

    if quiet:
        yield Silent()
    else:
        with Bar(errors) as bar:
            yield bar


def show_run(result: RunResult) -> None:
    """The table of a benchmark, and where its report is."""
    from samaritan.benchmark.table import print_table  # noqa: PLC0415 - imports torch

    print_table(result.run, console)
    if result.n_failed:
        console.print(
            f"[red]{result.n_failed} cases failed[/]; see status and error in {escape(str(result.run))}/results.csv"
        )
    if result.interrupted:
        console.print("Interrupted; the same command continues.")
    elif result.report is not None:
        console.print(f"Report: {escape(str(result.report))}", soft_wrap=True)


def show_comparison(table: ComparisonTable) -> None:
    """Means of every arm, then all pairs."""
    arms = [one.group["arm"] for one in table.summaries]
    model = arms[0].split(", ")[0] + ", "
    shared = model if all(arm.startswith(model) for arm in arms) else ""  # one model is named once
    means = table_of(
        "data set", f"{shared}prompt" if shared else "model, prompt", f"mean {table.metric}", "patients", "note"
    )
    fill_grouped(
        means,
        [
            (_dataset(one), one.group["arm"].removeprefix(shared), interval(one.mean, one.low, one.high),
             str(one.n_patients), one.note)
            for one in table.summaries
        ],
    )  # fmt: skip
    pairs = table_of("data set", "pair", f"difference of {table.metric}", "p (Holm)", "effect r", "patients", "note")
    fill_grouped(pairs, [_pair(pair, shared) for pair in table.comparisons])
    console.print(means, pairs)
    console.print(
        "In brackets 95 % bootstrap intervals over patients. p: Wilcoxon signed-rank test over patients, Holm-corrected; "
        "r: matched-pairs rank-biserial correlation."
    )


def _pair(pair: Comparison, shared: str) -> tuple[str, ...]:
    return (
        _dataset(pair), f"{pair.a.removeprefix(shared)} - {pair.b.removeprefix(shared)}",
        interval(pair.difference, pair.low, pair.high),
        f"{pair.p_holm:.2g}" if math.isfinite(pair.p_holm) else "-", f"{pair.rank_biserial:+.2f}",
        str(pair.n_patients), pair.note,
    )  # fmt: skip


def _dataset(one: Summary | Comparison) -> str:
    return str(one.group.get("dataset", "all"))
