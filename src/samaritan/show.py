"""What the verbs print for a person: tables on the terminal, plain text where there is none."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from samaritan.benchmark import RunResult
    from samaritan.benchmark._progress import Reporter
    from samaritan.benchmark.compare import Comparison
    from samaritan.benchmark.compare_runs import ComparisonTable
    from samaritan.benchmark.statistics import Summary
    from samaritan.models import ModelEntry
    from samaritan.predict.segment import Segmented

#: Lines of a file or a log; on a terminal the terminal decides.
WIDTH = 140

console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
errors = Console(stderr=True, highlight=False)


@contextmanager
def slices_bar(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar over slices on terminals; yields ``update(done, total)``."""
    columns = (TextColumn("slices"), BarColumn(), MofNCompleteColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=quiet or not errors.is_terminal) as progress:
        task = progress.add_task("slices", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


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


def show_segmentation(done: Segmented) -> None:
    """What was segmented, how large and how sure; then the files."""
    from samaritan.predict.preview import describe_size  # noqa: PLC0415 - imports torch

    table = _table("target", "slices", "size", "model's own IoU estimate")
    for target in done.record["targets"]:
        size = describe_size(done.segmentation, target["voxels"])
        quality = "-" if target["quality"] is None else f"{target['quality']:.2f}"
        table.add_row(escape(target["name"]), str(len(target["slices"])), size, quality)
    console.print(table)
    for warning in done.record["warnings"]:
        console.print(f"[yellow]note[/] {escape(warning)}", soft_wrap=True)
    for path in done.outputs.all():
        console.print(escape(str(path)), soft_wrap=True)


def show_models(entries: Sequence[ModelEntry]) -> None:
    """One line per model."""
    table = _table("model", "what", "trained for", "weights")
    for entry in entries:
        card = entry.card
        here = "here" if entry.find() else f"samaritan models pull {card.name}"
        what = f"{card.title}. {card.parameters / 1e6:.1f} M parameters, {card.input_size} px, {card.licence}"
        table.add_row(card.name, what, ", ".join(card.prompts), here)
    console.print(table)


def show_card(card: Mapping[str, Any]) -> None:
    """A weight card, one fact per line."""
    _facts((name, _plain(value)) for name, value in card.items())


def show_datasets(described: Sequence[Mapping[str, Any]]) -> None:
    """One block per data set."""
    for facts in described:
        _facts((name, _plain(value)) for name, value in facts.items() if value not in (None, "", [], {}))
        console.print()


def show_examination(found: Mapping[str, Any]) -> None:
    """What ``samaritan doctor`` found."""
    gigabytes = {name: size / 2**30 for name, size in found["memory"].items() if size is not None}
    compute = found["compute"]
    facts = [
        ("system", f"{found['system']}, Python {found['python']}"),
        (
            "processor",
            f"{compute['usable_cores']} of {compute['cores']} cores, {compute['torch_threads']} threads",
        ),
        ("GPU", compute["cuda"] or "none; everything runs on the processor"),
        ("memory", ", ".join(f"{size:.1f} GiB {name}" for name, size in gigabytes.items()) or "unknown"),
        ("disk", f"{found['disk_free'] / 2**30:.1f} GiB free here"),
        *(
            (f"weights of {name}", "found" if here else f"missing; samaritan models pull {name}")
            for name, here in found["models"].items()
        ),
        *((name, version) for name, version in found["packages"].items() if version),
        *((name, f"not installed: {why}") for name, why in found["missing"].items()),
    ]
    _facts(facts)


def show_comparison(table: ComparisonTable) -> None:
    """Means of every arm, then all pairs."""
    arms = [one.group["arm"] for one in table.summaries]
    model = arms[0].split(", ")[0] + ", "
    shared = model if all(arm.startswith(model) for arm in arms) else ""  # one model is named once
    means = _table(
        "data set", f"{shared}prompt" if shared else "model, prompt", f"mean {table.metric}", "patients", "note"
    )
    _fill_grouped(
        means,
        [
            (_dataset(one), one.group["arm"].removeprefix(shared), _interval(one.mean, one.low, one.high),
             str(one.n_patients), one.note)
            for one in table.summaries
        ],
    )  # fmt: skip
    pairs = _table("data set", "pair", f"difference of {table.metric}", "p (Holm)", "effect r", "patients", "note")
    _fill_grouped(pairs, [_pair(pair, shared) for pair in table.comparisons])
    console.print(means, pairs)
    console.print(
        "In brackets 95 % bootstrap intervals over patients. p: Wilcoxon signed-rank test over patients, Holm-corrected; "
        "r: matched-pairs rank-biserial correlation."
    )


def _pair(pair: Comparison, shared: str) -> tuple[str, ...]:
    return (
        _dataset(pair), f"{pair.a.removeprefix(shared)} - {pair.b.removeprefix(shared)}",
        _interval(pair.difference, pair.low, pair.high),
        f"{pair.p_holm:.2g}" if math.isfinite(pair.p_holm) else "-", f"{pair.rank_biserial:+.2f}",
        str(pair.n_patients), pair.note,
    )  # fmt: skip


def _dataset(one: Summary | Comparison) -> str:
    return str(one.group.get("dataset", "all"))


def _fill_grouped(table: Table, rows: Sequence[tuple[str, ...]]) -> None:
    """Rows as plain text; what the first column repeats is said once, and a space sets groups apart."""
    above = ""
    for row in rows:
        if above and row[0] != above:
            table.add_section()
        table.add_row(*map(escape, ("" if row[0] == above else row[0], *row[1:])))
        above = row[0]


def _interval(mean: float, low: float, high: float) -> str:
    if not math.isfinite(mean):
        return "-"
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]" if math.isfinite(low) else f"{mean:.3f}"


def _table(*titles: str) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for number, title in enumerate(titles):
        table.add_column(title, overflow="fold", no_wrap=number == 0)
    return table


def _facts(facts: Any) -> None:
    """Two columns without a frame."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(escape(str(name)), escape(str(value)))
    console.print(table)


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {item}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)
