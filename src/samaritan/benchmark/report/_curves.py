"""Robustness: how the score falls as the box gets looser, and how it rises with every click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from samaritan.benchmark._row import Row
from samaritan.benchmark.curves import curve
from samaritan.benchmark.report._arms import ARM_FIELDS, REFERENCE_PROMPT, Arm, Arms
from samaritan.benchmark.report._figures import Chart, Point, Series, draw_chart
from samaritan.benchmark.report._tables import group
from samaritan.benchmark.statistics import Summary, looseness, summarise

SMALL = (190, 128)

#: Of the bootstrap, fewer than in tables: a curve shows no third digit.
RESAMPLES = 1000

#: Option of a box -> (title of its figure, what was done to the box, what the axis counts).
LOOSENESS = {
    "margin": ("What a loose box costs", "Every side of the box moves outwards", "margin on each side"),
    "jitter": (
        "What an inexact box costs",
        "Every side of the box moves by itself, in or out at random",
        "largest shift of a side",
    ),
    "shift": ("What a misplaced box costs", "The whole box moves in a random direction", "largest shift of the box"),
}
SIZES = {"side": " by this share of the box's own side.", "px": " by this many pixels."}


@dataclass(frozen=True)
class Curve:
    """One question about robustness: a chart over everything, and one of each data set.

    Attributes:
        title: of the figure.
        text: what the axis means.
        whole: over all data sets.
        parts: by data set, small; empty when there is only one.
        legend: (name, colour), where there is more than one line.
        has_rule: True where a horizontal line stands for the tight box on the same data.
    """

    title: str
    text: str
    whole: Chart
    parts: tuple[Chart, ...]
    legend: tuple[tuple[str, int], ...]
    has_rule: bool


def make_curves(rows: Sequence[Row], arms: Arms) -> list[Curve]:
    """Every curve for which the run has at least two places on the axis."""
    families = {(s.group["option"], s.group["unit"]) for s in looseness(rows, (), resamples=1)}
    order = [(option, size) for option in LOOSENESS for size in SIZES if (option, size) in families]
    return [*(_looseness(rows, arms, option, size) for option, size in order), *_clicks(rows, arms)]


def _looseness(rows: Sequence[Row], arms: Arms, option: str, size: str) -> Curve:
    title, text, axis = LOOSENESS[option]

    def points(part: Sequence[Row]) -> list[tuple[str, float, Summary]]:
        summaries = looseness(part, ("model", "adaptation"), resamples=RESAMPLES)
        return [
            (Arm.of({"prompt": ""} | s.group).system, s.group["amount"], s)
            for s in summaries
            if (s.group["option"], s.group["unit"]) == (option, size)
        ]

    show = (lambda amount: f"{amount * 100:g} %") if size == "side" else (lambda amount: f"{amount:g} px")
    return _curve((title, text + SIZES[size], axis), rows, partial(_series, arms, points), show)


def _clicks(rows: Sequence[Row], arms: Arms) -> list[Curve]:
    rows = [row for row in rows if row.get("propagation") is None]  # volumes have a section of their own
    clicking = [row for row in rows if row["dice_by_round"]]
    if max((len(row["dice_by_round"] or ()) for row in clicking), default=0) < 2:
        return []
    strategies = {row["prompt"] for row in clicking}

    def points(part: Sequence[Row]) -> list[tuple[str, float, Summary]]:
        found = [(Arm.of(s.group), s) for s in curve(part, ARM_FIELDS, resamples=RESAMPLES)]
        return [
            (arm.system if len(strategies) == 1 else f"{arm.system}, {arm.prompt}", s.group["round"], s)
            for arm, s in found
        ]

    def box(part: Sequence[Row]) -> float | None:
        if len(arms.systems) > 1:  # one line cannot stand for several models
            return None
        boxes = summarise([row for row in part if row["prompt"] == REFERENCE_PROMPT], (), "dice", resamples=1)
        return boxes[0].mean if boxes else None

    words = (
        "What every further click brings",
        "Each click is put where the mask before it is most wrong. A target that needs no further click keeps its score.",
        "clicks",
    )
    return [_curve(words, rows, partial(_series, arms, points), lambda amount: f"{amount:g}", box)]


def _curve(
    words: tuple[str, str, str],
    rows: Sequence[Row],
    lines: Callable[[Sequence[Row]], list[Series]],
    show: Callable[[float], str],
    compare: Callable[[Sequence[Row]], float | None] = lambda _: None,
) -> Curve:
    title, text, axis = words
    whole, parts = lines(rows), group(rows, "dataset")
    amounts = sorted({point.x for series in whole for point in series.points})
    ticks = [(amount, show(amount)) for amount in amounts]
    ends = ticks if len(ticks) <= 4 else [ticks[0], ticks[-1]]
    rule = compare(rows)
    small = [
        draw_chart(drawn, title=name, note=str(part[0]["modality"] or ""), ticks=ends, rule=compare(part), size=SMALL)
        for name, part in parts.items()
        if len(parts) > 1 and (drawn := lines(part))
    ]
    return Curve(
        title,
        text,
        draw_chart(whole, title="All data sets" if small else "", x_title=axis, ticks=ticks, rule=rule),
        tuple(small),
        tuple((series.name, series.colour) for series in whole) if len(whole) > 1 else (),
        rule is not None,
    )


def _series(
    arms: Arms, points: Callable[[Sequence[Row]], list[tuple[str, float, Summary]]], rows: Sequence[Row]
) -> list[Series]:
    found: dict[str, list[Point]] = {}
    for name, x, s in points(rows):
        found.setdefault(name, []).append(Point(x, s.mean, s.low, s.high))
    colours = {name: n for n, name in enumerate(found if len(found) > len(arms.systems) else arms.systems)}
    return [Series(name, tuple(of_name), colours[name]) for name, of_name in found.items()]
