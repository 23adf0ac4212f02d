"""Dice target by target, where a data set has several."""

from __future__ import annotations

from dataclasses import dataclass

from samaritan.bakeoff._gain import mean
from samaritan.bakeoff._lines import Entry
from samaritan.bakeoff.collect import Bakeoff
from samaritan.benchmark._case import EVERY_TARGET
from samaritan.benchmark.statistics import Summary


@dataclass(frozen=True)
class TargetTable:
    """Mean Dice of every target and method under one prompt.

    Attributes:
        prompt: of the test part.
        labels: of the columns: the base, then the methods.
        rows: target, and its Dice in each column; None where nothing was measured.
    """

    prompt: str
    labels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Summary | None, ...]], ...]


def by_target(bakeoff: Bakeoff) -> list[TargetTable]:
    """One table for each prompt; none where there is one target only."""
    entries = [bakeoff.base, *(entry for entry in bakeoff.entries if entry.few is None)]
    found = []
    for table in bakeoff.tables:
        names = dict.fromkeys(
            row["target"] for row in bakeoff.base.asked(table.prompt) if row["target"] != EVERY_TARGET
        )
        if len(names) > 1:
            rows = tuple((name, tuple(_dice(entry, table.prompt, name) for entry in entries)) for name in names)
            found.append(TargetTable(table.prompt, tuple(entry.label for entry in entries), rows))
    return found


def _dice(entry: Entry, prompt: str, name: str) -> Summary | None:
    rows = [row for row in entry.asked(prompt) if row["target"] == name]
    return mean(rows) if any(row["level"] == "target" for row in rows) else None
