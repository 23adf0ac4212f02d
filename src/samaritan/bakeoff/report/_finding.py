"""What the numbers say, for the first paragraph; the words are in the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samaritan.bakeoff._lines import Line, PromptTable
from samaritan.bakeoff._words import is_better


@dataclass(frozen=True)
class Finding:
    """Methods by what was shown about them, the highest Dice first.

    Attributes:
        table: that it is about.
        helped: shown to be better than the base.
        harmed: shown to be worse.
        others: neither.
        ahead: shown to be better than decoder-only.
        has_rival: whether decoder-only was among several methods.
    """

    table: PromptTable
    helped: Sequence[Line]
    harmed: Sequence[Line]
    others: Sequence[Line]
    ahead: Sequence[Line]
    has_rival: bool


def find(table: PromptTable) -> Finding:
    """Sort the methods of a table."""
    lines = sorted((line for line in table.lines if line.to_base), key=lambda line: -line.dice.mean)
    helped = [line for line in lines if is_better(line.to_base)]
    harmed = [line for line in lines if line.words == "harms"]
    return Finding(
        table=table,
        helped=helped,
        harmed=harmed,
        others=[line for line in lines if line not in helped and line not in harmed],
        ahead=[line for line in lines if is_better(line.to_simplest)],
        has_rival=any(line.to_simplest for line in lines),
    )
