"""How many papers there are: by month, by year, by tag."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from samaritan.catalog.record import Paper

#: What a paper without a tag of a facet is counted as.
NONE = "(none)"


@dataclass(frozen=True)
class Counts:
    """Papers by period and word of one facet.

    Attributes:
        facet: as in a record.
        periods: in order, those without papers too.
        rows: word -> count in each period; the most frequent word first, :data:`NONE` last.
        totals: papers in each period. A paper with several words counts under each, so rows may add up to more.
    """

    facet: str
    periods: tuple[str, ...]
    rows: dict[str, tuple[int, ...]]
    totals: tuple[int, ...]


def count(papers: Iterable[Paper], facet: str, *, by: str = "year") -> Counts:
    """Count papers under the words of a facet.

    Args:
        papers: what is counted.
        facet: a field of :class:`samaritan.catalog.Tags`.
        by: ``year`` or ``quarter``.
    """
    period = year_of if by == "year" else quarter_of
    found = [(period(paper.month), set(getattr(paper.tags, facet)) or {NONE}) for paper in papers]
    periods = tuple(_between(sorted({when for when, _ in found}), by))
    words = {word for _, its in found for word in its}
    rows = {word: tuple(sum(when == one and word in its for when, its in found) for one in periods) for word in words}
    ordered = sorted(rows, key=lambda word: (word == NONE, -sum(rows[word]), word))
    totals = tuple(sum(when == one for when, _ in found) for one in periods)
    return Counts(facet, periods, {word: rows[word] for word in ordered}, totals)


def year_of(month: str) -> str:
    """``2024-05`` -> ``2024``."""
    return month[:4]


def quarter_of(month: str) -> str:
    """``2024-05`` -> ``2024 Q2``."""
    return f"{month[:4]} Q{(int(month[5:]) + 2) // 3}"


def _between(found: Sequence[str], by: str) -> list[str]:
    """All periods from the first to the last."""
    if not found:
        return []
    if by == "year":
        return [str(year) for year in range(int(found[0]), int(found[-1]) + 1)]
    first, last = ((int(one[:4]) * 4 + int(one[-1]) - 1) for one in (found[0], found[-1]))
    return [f"{number // 4} Q{number % 4 + 1}" for number in range(first, last + 1)]
