"""The table at the end of a run: what a person wants to know before opening the report."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from samaritan.benchmark._row import UNADAPTED, Row
from samaritan.benchmark._seen import footnotes, mark
from samaritan.benchmark.statistics import Summary, read_rows, summarise

#: What makes a line of the table.
BY = ("dataset", "model", "adaptation", "prompt")


def print_table(run: Path, console: Console) -> None:
    """Print mean Dice with its 95 % interval and mean NSD for each data set, model and prompt.

    Means are over patients, of the gold standard's "target" rows. A column that says the same in every line is left out.

    Args:
        run: the run folder.
        console: where to print.

    Raises:
        InputError: the folder holds no results.
    """
    rows = [row for row in read_rows(run) if row["level"] == "target"]
    gold = _gold(rows)
    dice, nsd = (summarise(gold, BY, metric) for metric in ("dice", "nsd"))
    surfaces = {tuple(one.group.values()): one for one in nsd}
    shown = [name for name in BY if _is_told(name, {str(one.group[name]) for one in dice})]
    table = Table(title="Mean over patients [95 % interval]", box=SIMPLE_HEAD)
    for name in shown:
        table.add_column(name, overflow="fold")
    for title in ("Dice", "NSD", "patients", "failed"):
        table.add_column(title, justify="right", no_wrap=True)
    signs = {values: mark(members) for values, members in _by_line(gold).items()}
    above = ""
    for one in dice:
        surface = surfaces[tuple(one.group.values())]
        failed = f"[red]{one.n_failed}[/]" if one.n_failed else "0"
        cells = [escape(str(one.group[name])) for name in shown]
        if cells[0] == above:
            cells[0] = ""  # a data set is named once
        elif above:
            table.add_section()
        above = cells[0] or above
        sign = signs[tuple(one.group.values())]
        table.add_row(*cells, f"{_interval(one)} {sign}".rstrip(), _number(surface.mean), str(one.n_patients), failed)
    console.print(table)
    if notes := footnotes(gold):
        console.print(escape(" ".join(notes)), soft_wrap=True)


def _by_line(rows: list[Row]) -> dict[tuple[str, ...], list[Row]]:
    """The rows behind each line of the table."""
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[row["dataset"], row["model"], row["adaptation"], row["prompt"]].append(row)
    return found


def _is_told(field: str, values: set[str]) -> bool:
    """A column that says the same in every line is left out, unless it says that all models are adapted."""
    return field in ("dataset", "prompt") or len(values) > 1 or (field == "adaptation" and values != {UNADAPTED})


def _gold(rows: list[Row]) -> list[Row]:
    """The rows of each case's first rater: the gold standard where there is one."""
    first: dict[tuple[str, str], str] = {}
    for row in rows:
        first.setdefault((row["dataset"], row["case_id"]), row["rater"])
    return [row for row in rows if row["rater"] == first[row["dataset"], row["case_id"]]]


def _interval(one: Summary) -> str:
    if not math.isfinite(one.low):
        return _number(one.mean)
    return rf"{_number(one.mean)} \[{_number(one.low)}, {_number(one.high)}]"


def _number(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "-"
