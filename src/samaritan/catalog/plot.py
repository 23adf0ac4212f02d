"""Papers over time as a picture: one strip of bars for each word of a facet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samaritan.catalog.counts import NONE, Counts, count
from samaritan.catalog.record import Paper
from samaritan.core.atomic import atomic_path
from samaritan.core.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENDINGS = (".png", ".svg", ".pdf")

#: One colour for each facet, told apart with every common colour blindness (Okabe and Ito 2008); what differs between strips
#: is said in words, not in colour.
_COLOURS = {"family": "#0072b2", "modality": "#d55e00"}

#: Inches of a strip, and of what stands above and below all of them.
_STRIP, _AROUND = 0.34, 1.15


def draw_counts(papers: Sequence[Paper], path: Path) -> None:
    """Draw papers per quarter by family and by modality.

    Args:
        papers: at least one.
        path: ends in .png, .svg or .pdf.

    Raises:
        UsageError: there is no paper, or the ending is another one.
        ResourceError: the file cannot be written.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"A plot is written as {', '.join(ENDINGS)}; received {path.name!r}.")
    if not papers:
        raise UsageError("There is no paper to draw; ask for more months.")
    from matplotlib import rc_context  # noqa: PLC0415 - takes half a second, and only for this
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    tables = [count(papers, facet, by="quarter") for facet in _COLOURS]
    strips = max(1, *(len(_named(table)) for table in tables))
    figure = Figure(figsize=(11.0, _STRIP * strips + _AROUND), dpi=150, facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        strips, len(tables), hspace=0.15, wspace=0.62, left=0.185, right=0.985, top=1 - 0.62 / figure.get_figheight(),
        bottom=0.5 / figure.get_figheight(),
    )  # fmt: skip
    for column, table in enumerate(tables):
        _column(figure, grid, column, table)
    months = sorted(paper.month for paper in papers)
    figure.text(
        0.005, 1 - 0.1 / figure.get_figheight(), f"{len(papers)} papers, {months[0]} to {months[-1]}, per quarter; "
        "a paper with several tags counts under each.", fontsize=8.5, va="top", color="#333333",
    )  # fmt: skip
    kind = path.suffix.lower()[1:]
    plain = {"Date": None} if kind == "svg" else {"Software": None} if kind == "png" else {"CreationDate": None}
    with atomic_path(path) as temporary, rc_context({"svg.hashsalt": "samaritan", "svg.fonttype": "none"}):
        figure.savefig(temporary, format=kind, metadata=plain)


def _column(figure: Any, grid: Any, column: int, table: Counts) -> None:
    rows = _named(table)
    most = max((max(counts) for counts in rows.values()), default=0)
    for row, (word, counts) in enumerate(rows.items()):
        axes = figure.add_subplot(grid[row, column])
        _strip(axes, word, counts, most, _COLOURS[table.facet])
        if row == 0:
            axes.set_title(f"{table.facet}: {_told(table)}", fontsize=9.5, loc="left", pad=9)
        if row == len(rows) - 1:
            _years(axes, table.periods)


def _named(table: Counts) -> dict[str, tuple[int, ...]]:
    """Rows of words; papers without one are told as a number, since their bars would dwarf the others."""
    return {word: counts for word, counts in table.rows.items() if word != NONE}


def _told(table: Counts) -> str:
    without = sum(table.rows.get(NONE, ()))
    return f"{without} of {sum(table.totals)} titles do not say" if without else "all titles say"


def _strip(axes: Axes, word: str, counts: Sequence[int], most: int, colour: str) -> None:
    axes.bar(range(len(counts)), counts, width=0.86, color=colour)
    axes.set_ylim(0, most * 1.28)
    axes.set_xlim(-0.6, len(counts) - 0.4)
    axes.set_yticks([])
    axes.set_xticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color("#999999")
    axes.text(-0.015, 0.3, f"{word}  {sum(counts)}", transform=axes.transAxes, ha="right", va="center", fontsize=8.5)
    top = max(counts)
    axes.text(counts.index(top), top, str(top), ha="center", va="bottom", fontsize=6.5, color="#333333")


def _years(axes: Axes, periods: Sequence[str]) -> None:
    firsts = [place for place, period in enumerate(periods) if period.endswith("Q1") or place == 0]
    axes.set_xticks(firsts, [periods[place][:4] for place in firsts], fontsize=8)
    axes.tick_params(axis="x", length=3, color="#999999")
