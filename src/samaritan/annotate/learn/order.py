"""Which case comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def by_uncertainty(cases: Sequence[str], uncertainty: Mapping[str, float | None]) -> list[str]:
    """Cases with the most uncertain first; those of which nothing is known come after all others, in the order given.

    Equal ones keep their order.

    Args:
        cases: ids.
        uncertainty: of cases, 0..1; None or absent where unknown.
    """

    def rank(case: str) -> tuple[bool, float]:
        known = uncertainty.get(case)
        return known is None, 0.0 if known is None else -known

    return sorted(cases, key=rank)
