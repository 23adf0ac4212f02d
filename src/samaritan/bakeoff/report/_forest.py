"""The differences to the base as a forest plot: one line for each method on one axis."""

from __future__ import annotations

import math
from dataclasses import dataclass

from samaritan.bakeoff._lines import PromptTable
from samaritan.benchmark.report._figures import Scale, nice_reach

#: Of a cell, in CSS pixels; the margin keeps dots at the ends whole.
WIDTH, MARGIN = 260, 18


@dataclass(frozen=True)
class Forest:
    """The axis.

    Attributes:
        scale: from a difference of Dice to pixels.
        ticks: differences that the axis names.
    """

    scale: Scale
    ticks: tuple[float, ...]


def forest(table: PromptTable) -> Forest:
    """The axis that holds all differences of a table."""
    found = [paired for line in table.lines if (paired := line.to_base)]
    values = [abs(v) for one in found for v in (one.difference, one.low, one.high) if math.isfinite(v)]
    reach = nice_reach(values)
    return Forest(Scale((-reach, reach), (MARGIN, WIDTH - MARGIN)), (-reach, -reach / 2, 0.0, reach / 2, reach))
