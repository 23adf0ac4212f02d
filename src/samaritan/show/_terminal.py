"""The terminal, and the forms in which facts are put on it."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

#: Lines of a file or a log; on a terminal the terminal decides.
WIDTH = 140

console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
errors = Console(stderr=True, highlight=False)


def fill_grouped(table: Table, rows: Sequence[tuple[str, ...]]) -> None:
    """Rows as plain text; what the first column repeats is said once, and a space sets groups apart."""
    above = ""
    for row in rows:
        if above and row[0] != above:
            table.add_section()
        table.add_row(*map(escape, ("" if row[0] == above else row[0], *row[1:])))
        above = row[0]


def interval(mean: float, low: float, high: float) -> str:
    if not math.isfinite(mean):
        return "-"
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]" if math.isfinite(low) else f"{mean:.3f}"


def table_of(*titles: str) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for number, title in enumerate(titles):
        table.add_column(title, overflow="fold", no_wrap=number == 0)
    return table


def print_facts(facts: Any) -> None:
    """Two columns without a frame."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(escape(str(name)), escape(str(value)))
    console.print(table)


def plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {item}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)
