"""Numbers as a reader wants them: few digits, the same number of them in a column."""

from __future__ import annotations

import math
from collections.abc import Callable

#: Shown where there is no number.
NOTHING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"


def fraction(value: float | None, digits: int = 3) -> str:
    """0.8734 -> 0.873; for scores between 0 and 1."""
    return NOTHING if _missing(value) else f"{value:.{digits}f}".replace("-", MINUS)


def difference(value: float | None, digits: int = 3) -> str:
    """0.0123 -> +0.012; the sign is always there."""
    return NOTHING if _missing(value) else f"{value:+.{digits}f}".replace("-", MINUS)


def distance(value: float | None) -> str:
    """Three significant digits and never more than two decimals: 1.23, 12.3, 123."""
    if value is None or _missing(value):
        return NOTHING
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{digits}f}".replace("-", MINUS)


def seconds(value: float | None) -> str:
    """With its unit: 850 ms, 2.31 s, 12.4 min."""
    if value is None or _missing(value):
        return NOTHING
    if value < 0.9995:
        return f"{value * 1000:.{0 if value >= 0.01 else 1}f} ms"
    return f"{distance(value)} s" if value < 120 else f"{distance(value / 60)} min"


def p_value(value: float | None) -> str:
    """0.0312 -> 0.031, and < 0.001 below."""
    if value is None or _missing(value):
        return NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def count(value: int) -> str:
    """12345 -> 12 345, with a space that neither breaks nor stretches."""
    return f"{value:,}".replace(",", NARROW_SPACE)


def plural(number: int, one: str, many: str | None = None) -> str:
    """3, "case" -> 3 cases."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def _missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)


FILTERS: dict[str, Callable[..., str]] = {
    "fraction": fraction,
    "difference": difference,
    "distance": distance,
    "seconds": seconds,
    "p_value": p_value,
    "count": count,
    "plural": plural,
}
