"""Numbers of a bake-off as a reader wants them; the same in Markdown and in the report."""

from __future__ import annotations

import math
from collections.abc import Callable

from samaritan.bakeoff._lines import Cost, Line
from samaritan.benchmark.compare import Comparison
from samaritan.benchmark.report._numbers import NOTHING, count, difference, fraction, p_value, seconds
from samaritan.benchmark.statistics import Summary


def score(summary: Summary) -> str:
    """0.61 [0.55, 0.66]."""
    interval = f" [{fraction(summary.low)}, {fraction(summary.high)}]" if math.isfinite(summary.low) else ""
    return fraction(summary.mean) + interval


def before_after(base: Line, line: Line) -> str:
    """0.25 → 0.61 [0.55, 0.66]."""
    return f"{fraction(base.dice.mean)} → {score(line.dice)}"


def gain(paired: Comparison | None) -> str:
    """+0.36 [+0.30, +0.41]."""
    return NOTHING if paired is None else paired_words(paired.difference, paired.low, paired.high)


def paired_words(mean: float, low: float, high: float) -> str:
    """A difference with its interval, where there is one."""
    return difference(mean) + (f" [{difference(low)}, {difference(high)}]" if math.isfinite(low) else "")


def corrected_p(paired: Comparison | None) -> str:
    """0.031, after correction."""
    return NOTHING if paired is None else p_value(paired.p_holm)


def is_better(paired: Comparison | None) -> bool:
    """Whether the first arm was shown to be better, after correction."""
    return paired is not None and paired.better == paired.a != ""


def parameters(cost: Cost) -> str:
    """18 432 (0.19 %)."""
    return f"{count(cost.trained)} ({cost.share:.2%})".replace("%", " %") if cost.trained else NOTHING


def size(number: int) -> str:
    """Bytes with their unit, 1000 to a kB: 312 kB, 1.8 MB."""
    if not number:
        return NOTHING
    return f"{number / 1000:.0f} kB" if number < 999_500 else f"{number / 1e6:.1f} MB"


def memory(mebibytes: float) -> str:
    """1.4 GiB."""
    if not mebibytes:
        return NOTHING
    return f"{mebibytes:.0f} MiB" if mebibytes < 1000 else f"{mebibytes / 1024:.1f} GiB"


#: Columns of the table of costs: title, and the cell of a line.
COSTS: tuple[tuple[str, Callable[[Cost], str]], ...] = (
    ("trained parameters", parameters),
    ("adapter file", lambda cost: size(cost.adapter_bytes)),
    ("training, minutes", lambda cost: f"{cost.minutes:.1f}" if cost.trained else NOTHING),
    ("steps", lambda cost: count(round(cost.steps)) if cost.trained else NOTHING),
    ("peak memory", lambda cost: memory(cost.peak_mb)),
    ("encode a picture", lambda cost: seconds(cost.encode_seconds)),
    ("decode a prompt", lambda cost: seconds(cost.decode_seconds)),
)
