"""Prompts about volumes: what each interaction brings, how far propagation carries, where it ends, and what it costs."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from samaritan.benchmark._row import Chain, Row
from samaritan.benchmark.curves import by_distance, by_interactions
from samaritan.benchmark.report._arms import ARM_FIELDS, Arm, Arms
from samaritan.benchmark.report._curves import RESAMPLES, SMALL
from samaritan.benchmark.report._figures import Chart, Point, Series, draw_chart
from samaritan.benchmark.report._tables import group
from samaritan.benchmark.statistics import Summary, summarise

#: Columns of the table, in order.
NUMBERS = ("interactions", "dice", "dice_auc", "nsd", "nsd_auc", "case_calls", "case_seconds")

#: Titles of both scores, as axes have them.
SCORES = {"dice": "Dice", "nsd": "NSD"}

#: A distance that fewer than this share of the targets have is not drawn.
FEW_TARGETS = 0.1

#: A chain that ends this many slices from the reference's end has followed the target to its end.
NEAR = 1


@dataclass(frozen=True)
class Way:
    """One arm.

    Attributes:
        arm: what was run.
        numbers: name in :data:`NUMBERS` -> its mean over patients.
    """

    arm: Arm
    numbers: dict[str, Summary]


@dataclass(frozen=True)
class Ends:
    """Where the chains of an arm ended that no prompt stopped.

    Attributes:
        arm: what was run.
        chains: number of them.
        short: share that ended before the reference does, by more than :data:`NEAR` slices.
        beyond: share that ran on behind its end, by more than so.
        reason: the most frequent reason among the short ones, "" where there is none.
        reason_share: its share of them.
    """

    arm: Arm
    chains: int
    short: float
    beyond: float
    reason: str
    reason_share: float


@dataclass(frozen=True)
class Figure:
    """A chart over everything, and one of each data set.

    Attributes:
        whole: over all data sets.
        parts: by data set, small; empty when there is only one.
        legend: (name, colour) of every line or mark.
    """

    whole: Chart
    parts: tuple[Chart, ...]
    legend: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Volumes:
    """The section.

    Attributes:
        ways: the table.
        interactions: score against interactions, Dice and NSD.
        distance: Dice against the distance from a prompted slice; None where nothing was carried on.
        ends: where chains ended.
        propagation: its names in this run.
    """

    ways: tuple[Way, ...]
    interactions: tuple[Figure, ...]
    distance: Figure | None
    ends: tuple[Ends, ...]
    propagation: tuple[str, ...]


def make_volumes(rows: Sequence[Row], arms: Arms) -> Volumes | None:
    """The section about the prompts about volumes; None where there are none."""
    asked = [row for row in rows if row.get("propagation") is not None]
    if not asked:
        return None
    own = tuple(arm for arm in arms.all if arm in {Arm.of(row) for row in asked})
    colours = {arm: n for n, arm in enumerate(own)}
    found = {(name, Arm.of(s.group)): s for name in NUMBERS for s in summarise(asked, ARM_FIELDS, name)}
    ends = group([row for row in asked if row.get("chains")], Arm.of)
    return Volumes(
        tuple(Way(arm, {name: found[name, arm] for name in NUMBERS}) for arm in own),
        tuple(_against_interactions(asked, metric, arms, colours) for metric in SCORES),
        _distance(asked, arms, colours),
        tuple(_ends(arm, ends[arm]) for arm in own if arm in ends and open_chains(ends[arm])),
        tuple(dict.fromkeys(str(row.get("propagation")) for row in asked)),
    )


def _figure(
    rows: Sequence[Row],
    lines: Callable[[Sequence[Row]], list[Series]],
    y_title: str,
    x_title: str,
    ticks: Callable[[Sequence[Series]], list[tuple[float, str]]],
) -> Figure:
    whole, parts = lines(rows), group(rows, "dataset")
    shown = ticks(whole)
    ends = shown if len(shown) <= 4 else [shown[0], shown[-1]]
    small = [
        draw_chart(
            lines(part), title=name, note=str(part[0]["modality"] or ""), ticks=ends, size=SMALL, y_title=y_title
        )
        for name, part in parts.items()
        if len(parts) > 1
    ]
    chart = draw_chart(whole, title="All data sets" if small else "", x_title=x_title, ticks=shown, y_title=y_title)
    return Figure(chart, tuple(small), tuple((one.name, one.colour) for one in whole))


def _against_interactions(rows: Sequence[Row], metric: str, arms: Arms, colours: dict[Arm, int]) -> Figure:
    def lines(part: Sequence[Row]) -> list[Series]:
        return _rising(part, metric, arms, colours)

    return _figure(rows, lines, SCORES[metric], "interactions per target", _powers)


def _rising(rows: Sequence[Row], metric: str, arms: Arms, colours: dict[Arm, int]) -> list[Series]:
    """A line of each corrected strategy, a mark of each other, at its mean number of interactions; powers of two apart."""
    curves = group_summaries(by_interactions(rows, ARM_FIELDS, metric, resamples=RESAMPLES), "interactions")
    acts = {Arm.of(s.group): s.mean for s in summarise(rows, ARM_FIELDS, "interactions", resamples=1)}
    ends = {Arm.of(s.group): s for s in summarise(rows, ARM_FIELDS, metric, resamples=RESAMPLES)}
    series = []
    for arm, colour in colours.items():
        if arm not in ends:
            continue
        points = curves.get(arm) or [(acts[arm], ends[arm])]
        placed = tuple(Point(math.log2(x), s.mean, s.low, s.high) for x, s in points if x >= 1)
        series.append(Series(arms.label(arm), placed, colour))
    return series


def _distance(rows: Sequence[Row], arms: Arms, colours: dict[Arm, int]) -> Figure | None:
    def lines(part: Sequence[Row]) -> list[Series]:
        found = group_summaries(by_distance(part, ARM_FIELDS, resamples=RESAMPLES), "distance")
        series = []
        for arm, colour in colours.items():
            known = [
                (x, s) for x, s in found.get(arm, ()) if s.n_rows - s.n_undefined - s.n_failed >= FEW_TARGETS * s.n_rows
            ]
            if len(known) > 1:
                points = tuple(Point(x, s.mean, s.low, s.high) for x, s in known)
                series.append(Series(arms.label(arm), points, colour))
        return series

    if not lines(rows):
        return None
    return _figure(rows, lines, "Dice", "slices from the nearest prompted one", _steps)


def group_summaries(summaries: Sequence[Summary], place: str) -> dict[Arm, list[tuple[float, Summary]]]:
    """Arm -> (place, summary), as they come."""
    found: dict[Arm, list[tuple[float, Summary]]] = {}
    for one in summaries:
        found.setdefault(Arm.of(one.group), []).append((float(one.group[place]), one))
    return found


def _powers(series: Sequence[Series]) -> list[tuple[float, str]]:
    last = max((point.x for one in series for point in one.points), default=0.0)
    return [(float(n), str(2**n)) for n in range(max(math.ceil(last - 1e-9), 1) + 1)]


def _steps(series: Sequence[Series]) -> list[tuple[float, str]]:
    last = int(max(point.x for one in series for point in one.points))
    step = max(-(-last // 8), 1)
    return [(float(n), str(n)) for n in range(0, last + step, step)]


def _ends(arm: Arm, rows: Sequence[Row]) -> Ends:
    chains = open_chains(rows)
    late = [(chain["last"] - chain["edge"]) * chain["step"] for chain in chains]
    reasons = Counter(reason(chain["reason"]) for chain, by in zip(chains, late, strict=True) if by < -NEAR)
    most, times = reasons.most_common(1)[0] if reasons else ("", 0)
    short, beyond = sum(by < -NEAR for by in late), sum(by > NEAR for by in late)
    return Ends(arm, len(chains), short / len(chains), beyond / len(chains), most, times / max(short, 1))


def open_chains(rows: Sequence[Row]) -> list[Chain]:
    """Chains that no prompt and no bound stopped."""
    given = ("reached the prompted slice", "reached the bound")
    return [chain for row in rows for chain in row.get("chains") or () if not chain["reason"].startswith(given)]


def reason(text: str) -> str:
    """The rule of a reason, without its numbers."""
    return re.split(r":|,|\s-?\d", text)[0]
