"""The few-shot curve as a picture: Dice on the test part against the number of training patients."""

from __future__ import annotations

import math
from typing import Any

from samaritan.bakeoff._folder import CURVE
from samaritan.bakeoff._lines import Line, PromptTable
from samaritan.bakeoff.collect import Bakeoff
from samaritan.core import atomic_path

#: Colours that people with colour blindness can tell apart (Okabe and Ito 2008), and marks for those who see none.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")
MARKS = "os^Dvph*X"


def draw_few(bakeoff: Bakeoff) -> None:
    """Draw one panel for each prompt into the bake-off's folder; nothing without few-shot arms."""
    tables = [table for table in bakeoff.tables if table.few]
    path = bakeoff.folder / CURVE
    if not tables:
        path.unlink(missing_ok=True)
        return
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow, and only for this

    figure = Figure(figsize=(5.2 * len(tables) + 1.6, 3.9), dpi=150, layout="constrained")
    axes = figure.subplots(1, len(tables), squeeze=False, sharey=True)[0]
    for axis, table in zip(axes, tables, strict=True):
        _panel(axis, table, bakeoff.patients["train"])
    axes[0].set_ylabel("Dice on the test part")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", frameon=False, fontsize=9)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")


def _panel(axis: Any, table: PromptTable, everybody: int) -> None:
    lines = [*table.few, *table.lines]
    sizes = sorted({line.few or everybody for line in lines})
    for number, label in enumerate(dict.fromkeys(line.label for line in table.lines or table.few)):
        own = sorted((line for line in lines if line.label == label), key=lambda line: line.few or everybody)
        places = [sizes.index(line.few or everybody) + (number - len(table.lines) / 2) * 0.04 for line in own]
        colour = COLOURS[number % len(COLOURS)]
        mark = MARKS[number % len(MARKS)]
        axis.errorbar(
            places, [line.dice.mean for line in own], yerr=_bars(own), label=label, color=colour, marker=mark,
            markersize=5, linewidth=1.6, elinewidth=0.8, capsize=2,
        )  # fmt: skip
    base = table.base.dice.mean
    axis.axhline(base, color="#333333", linestyle="--", linewidth=1, label="base, not adapted")
    axis.set_title(f"prompt {table.prompt}", fontsize=10)
    axis.set_xticks(range(len(sizes)), [f"all {size}" if size == everybody else str(size) for size in sizes])
    axis.set_xlabel("training patients")
    axis.set_ylim(0, 1)
    axis.grid(axis="y", color="#dddddd", linewidth=0.6)
    axis.spines[["top", "right"]].set_visible(False)


def _bars(lines: list[Line]) -> list[list[float]]:
    """Lengths of the intervals below and above the means; 0 where there is none."""

    def length(value: float) -> float:
        return max(value, 0.0) if math.isfinite(value) else 0.0

    return [
        [length(line.dice.mean - line.dice.low) for line in lines],
        [length(line.dice.high - line.dice.mean) for line in lines],
    ]
