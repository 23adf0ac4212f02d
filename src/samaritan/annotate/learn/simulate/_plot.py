"""Interactions against cases: what has been spent so far, and what a case costs as the model learns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from samaritan.annotate.learn.simulate._config import CONDITIONS
from samaritan.annotate.learn.simulate._tally import Rows, in_order
from samaritan.core import atomic_path

#: Of the conditions; told apart by colour-blind people, and by their dashes.
STYLES = dict(
    zip(
        [one.label for one in CONDITIONS],
        [("#6b7280", (0, (4, 2))), ("#1f5fa8", "solid"), ("#d9730d", (0, (1, 1)))],
        strict=True,
    )
)

#: Cases over which the cost of one is averaged.
SPAN = 5


def draw(rows: Mapping[str, Mapping[str, Rows]], png: Path) -> None:
    """One column for each data set: above what has been spent, below the mean cost of the last :data:`SPAN` cases."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  takes half a second to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(1.2 + 3.4 * len(rows), 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, len(rows), squeeze=False, sharex="col")
    for column, (dataset, conditions) in enumerate(rows.items()):
        for label, own in conditions.items():
            colour, dashes = STYLES[label]
            values = np.array(in_order(own))
            cases = np.arange(1, len(values) + 1)
            look: dict[str, Any] = {"color": colour, "linestyle": dashes, "linewidth": 1.8, "label": label}
            panels[0, column].plot(cases, np.cumsum(values), **look)
            recent = [values[max(n - SPAN, 0) : n].mean() for n in cases]
            panels[1, column].plot(cases, recent, **look)
        panels[0, column].set_title(dataset, fontsize=10)
        panels[1, column].set_xlabel("cases labelled")
    panels[0, 0].set_ylabel("interactions so far")
    panels[1, 0].set_ylabel(f"for a case, mean of the last {SPAN}")
    panels[0, 0].legend(frameon=False, fontsize=9)
    for axes in panels.flat:
        axes.set_ylim(bottom=0)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e5e7eb", linewidth=0.7)
        axes.set_axisbelow(True)
    with atomic_path(png) as temporary:
        figure.savefig(temporary, format="png", dpi=160)
