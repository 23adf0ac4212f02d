"""One file for each kind of load; each of them yields rows of the table in docs/annotate-load.md."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """A line of the table; ``met`` is None where there is no target."""

    what: str
    target: str
    measured: str
    met: bool | None


@dataclass(frozen=True)
class Plan:
    """What is measured with.

    Attributes:
        folder: for images and results.
        model: name of the model.
        repeats: prompts of one user.
        seconds: for which a crowd works.
    """

    folder: Path
    model: str
    repeats: int
    seconds: float


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of ``values`` that ``percent`` of them do not exceed.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("Nothing was measured.")
    ordered = sorted(values)
    return ordered[max(math.ceil(percent / 100 * len(ordered)) - 1, 0)]


def at_most(what: str, values: Sequence[float], **bounds: float) -> Row:
    """A row of seconds whose percentiles have bounds: ``p50=0.15`` or ``longest=3``."""
    found = {name: max(values) if name == "longest" else percentile(values, float(name[1:])) for name in bounds}
    return Row(
        what,
        ", ".join(f"{name} <= {seconds(bound)}" for name, bound in bounds.items()),
        ", ".join(f"{name} {seconds(value)}" for name, value in found.items()) + f" ({len(values)} times)",
        all(found[name] <= bound for name, bound in bounds.items()),
    )


def seconds(value: float) -> str:
    """In ms below a second."""
    return f"{1000 * value:.3g} ms" if value < 1 else f"{value:.2f} s"


Load = Callable[[Plan], "list[Row]"]
