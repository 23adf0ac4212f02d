"""The course of a run as a picture: loss, learning rate, and Dice on the validation part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import atomic_path
from samaritan.train._log import read_log

#: Of the running median of the loss, as a share of the run.
SPAN = 0.05

BLUE, ORANGE, GREEN, GREY = "#1f5fa8", "#d9730d", "#2c8a4b", "#6b7280"

Places = NDArray[np.float64]


def draw_curve(log_csv: Path, png: Path) -> None:
    """Draw what ``log.csv`` holds: nothing where it has no row yet.

    The validation before the first step is the base's own, as attaching an adaptation changes no answer; it is a level line.

    Raises:
        ResourceError: the log cannot be read or the picture not be written.
    """
    rows = read_log(log_csv)
    if not rows:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  takes half a second to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(7.0, 6.2), layout="constrained")
    FigureCanvasAgg(figure)
    loss, rate, dice = figure.subplots(3, 1, sharex=True, height_ratios=(3, 1, 3))
    _draw_loss(loss, rows)
    steps, rates = _column(rows, "rate")
    rate.plot(steps, rates, color=GREY, linewidth=1.2)
    rate.set_ylabel("learning rate")
    rate.ticklabel_format(axis="y", scilimits=(-2, 2))
    rate.set_ylim(bottom=0)
    _draw_dice(dice, rows)
    dice.set_xlabel(_length(rows))
    for axes in (loss, rate, dice):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e5e7eb", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.margins(x=0.01)
    figure.align_ylabels()
    with atomic_path(png) as temporary:
        figure.savefig(temporary, format="png", dpi=200)


def smooth(values: Places, span: int) -> Places:
    """Median over a centred window of ``span`` values (rounded up to odd) that is cut at both ends; NaN counts nothing."""
    half = span // 2
    return np.array([_median(values[max(n - half, 0) : n + half + 1]) for n in range(len(values))])


def _median(values: Places) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _draw_loss(axes: Any, rows: Sequence[dict[str, float]]) -> None:
    steps, losses = _column(rows, "loss")
    axes.plot(steps, losses, color=BLUE, alpha=0.28, linewidth=0.8, label="of each step" if len(steps) > 2 else None)
    axes.plot(steps, smooth(losses, round(SPAN * len(losses))), color=BLUE, linewidth=1.8, label="running median")
    known = losses[np.isfinite(losses)]
    if len(known):  # a single peak must not flatten the rest
        axes.set_ylim(0, 1.05 * max(float(np.quantile(known, 0.99)), 1e-6))
    axes.set_ylabel("loss")
    _legend(axes, "upper right")


def _draw_dice(axes: Any, rows: Sequence[dict[str, float]]) -> None:
    steps, scores = _column(rows, "val_dice")
    axes.set_ylabel("Dice, validation")
    if not np.isfinite(scores).any():
        axes.text(0.5, 0.5, "no validation part", transform=axes.transAxes, ha="center", va="center", color=GREY)
        axes.set_yticks([])
        return
    if steps[0] == 0 and np.isfinite(scores[0]):
        axes.axhline(scores[0], color=GREY, linestyle=(0, (4, 3)), linewidth=1.2, label=f"base {scores[0]:.3f}")
    axes.plot(steps, scores, color=GREEN, linewidth=1.8, marker="o", markersize=3.5)
    best = int(np.nanargmax(scores))
    axes.plot(
        steps[best], scores[best], marker="o", markersize=9, markerfacecolor="none", markeredgecolor=ORANGE,
        markeredgewidth=2, linestyle="none", clip_on=False, label=f"best {scores[best]:.3f}, step {steps[best]:.0f}",
    )  # fmt: skip
    axes.margins(y=0.12)
    _legend(axes, "best")


def _legend(axes: Any, place: str) -> None:
    axes.legend(loc=place, frameon=True, framealpha=0.9, edgecolor="none", fontsize=9)


def _column(rows: Sequence[dict[str, float]], name: str) -> tuple[Places, Places]:
    """Steps and values of the rows that have the column."""
    found = [(row["step"], row[name]) for row in rows if name in row]
    steps, values = zip(*found, strict=True) if found else ((), ())
    return np.array(steps, float), np.array(values, float)


def _length(rows: Sequence[dict[str, float]]) -> str:
    minutes = max((row.get("minutes", 0.0) for row in rows), default=0.0)
    return f"step ({minutes:.1f} min in all)" if minutes else "step"
