"""Means along an axis that rows hold lists for: per click, per interaction, per distance from a prompted slice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from samaritan.benchmark._patients import Bootstrap
from samaritan.benchmark._row import Row
from samaritan.benchmark.statistics import Summary, groups, summary


def curve(rows: Sequence[Row], by: Sequence[str], *, seed: int = 0, resamples: int = 2000) -> list[Summary]:
    """Dice after 1, 2, ... corrective clicks: groups as in ``summarise`` with "round" behind the fields of ``by``.

    Where a target needed fewer rounds, because nothing was left to correct, its last Dice counts for the later ones.

    Raises:
        UsageError: a field does not exist.
    """
    bootstrap = Bootstrap(seed, resamples)
    return _along(rows, by, ("round", 1), lambda row: row.get("dice_by_round"), pick=_after, bootstrap=bootstrap)


def by_interactions(
    rows: Sequence[Row], by: Sequence[str], metric: str = "dice", *, seed: int = 0, resamples: int = 2000
) -> list[Summary]:
    """The metric after at most 1, 2, ... interactions of corrected volumes, with "interactions" behind the fields of ``by``.

    Args:
        rows: of any number of configurations; those without corrections are left out.
        by: as in ``summarise``.
        metric: "dice" or "nsd".
        seed: of the bootstrap.
        resamples: of the bootstrap.

    Raises:
        UsageError: a field does not exist.
    """

    def read(row: Row) -> list[float | None] | None:
        acts, values = row.get("interactions_by_round"), cast(dict[str, Any], row).get(f"{metric}_by_round")
        if not acts or not values:
            return None
        done = [sum(act <= budget for act in acts) for budget in range(1, acts[-1] + 1)]
        return [values[n - 1] if n else None for n in done]

    return _along(rows, by, ("interactions", 1), read, pick=_after, bootstrap=Bootstrap(seed, resamples))


def by_distance(rows: Sequence[Row], by: Sequence[str], *, seed: int = 0, resamples: int = 2000) -> list[Summary]:
    """Dice over slices 0, 1, ... slices from the nearest prompted one, with "distance" behind the fields of ``by``.

    A target that has no slice so far away does not count there.

    Raises:
        UsageError: a field does not exist.
    """

    def at(values: Sequence[float | None] | None, n: int) -> float | None:
        return values[n - 1] if values and n <= len(values) else None

    bootstrap = Bootstrap(seed, resamples)
    return _along(rows, by, ("distance", 0), lambda row: row.get("dice_by_distance"), pick=at, bootstrap=bootstrap)


def _along(
    rows: Sequence[Row],
    by: Sequence[str],
    place: tuple[str, int],
    read: Callable[[Row], Sequence[float | None] | None],
    *,
    pick: Callable[[Sequence[float | None] | None, int], float | None],
    bootstrap: Bootstrap,
) -> list[Summary]:
    """Groups of the prompts that have lists of values, and a summary at each place in the lists.

    Args:
        rows: of which the "target" rows count.
        by: fields of the groups.
        place: name of the field that tells the place, and its first value.
        read: the list of a row.
        pick: the value of a list for its place n, from 1.
        bootstrap: of the intervals.
    """
    name, start = place
    having = {row["prompt"] for row in rows if read(row)}
    chosen = [(row, None) for row in rows if row["level"] == "target" and row["prompt"] in having]
    summaries = []
    for group, members in groups(chosen, by):
        longest = max(len(read(row) or ()) for row, _ in members)
        for n in range(1, longest + 1):
            scored = [(row, pick(read(row), n)) for row, _ in members]
            summaries.append(summary(group | {name: start + n - 1}, scored, True, (), bootstrap))
    return summaries


def _after(values: Sequence[float | None] | None, n: int) -> float | None:
    return values[min(n, len(values)) - 1] if values else None
