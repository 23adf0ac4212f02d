"""Charts as numbers that are ready to draw: data places become places of an SVG, the template adds the ink."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """A mean with its interval at ``x``; the interval is NaN where it is unknown."""

    x: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Series:
    """A line in a chart.

    Attributes:
        name: for the legend.
        points: ascending in x.
        colour: number of the palette's colour; the same model has the same colour everywhere.
    """

    name: str
    points: tuple[Point, ...]
    colour: int = 0


@dataclass(frozen=True)
class Scale:
    """A linear axis from ``data`` to ``pixels``."""

    data: tuple[float, float]
    pixels: tuple[float, float]

    def __call__(self, value: float) -> float:
        """Where ``value`` lies, in pixels with one decimal; values beyond the axis lie on its end."""
        low, high = self.data
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return round(self.pixels[0] + share * (self.pixels[1] - self.pixels[0]), 1)


@dataclass(frozen=True)
class Drawn:
    """A series in SVG units: the line, the band of its interval, and its marks (x, y, text for the pointer)."""

    name: str
    colour: int
    line: str
    band: str
    marks: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class Chart:
    """A chart in SVG units.

    Attributes:
        title: above the chart.
        note: beside the title, smaller.
        width: of the SVG.
        height: of the SVG.
        frame: (left, top, right, bottom) of the plotting area.
        x_ticks: (place, text).
        y_ticks: (place, text).
        x_title: below the axis, "" for none.
        series: what is drawn.
        rule: height of a horizontal line of comparison, or None.
        y_title: of the vertical axis.
    """

    title: str
    note: str
    width: int
    height: int
    frame: tuple[int, int, int, int]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_title: str
    series: tuple[Drawn, ...]
    rule: float | None = None
    y_title: str = "Dice"


def draw_chart(
    series: Sequence[Series],
    *,
    title: str,
    note: str = "",
    x_title: str = "",
    ticks: Sequence[tuple[float, str]],
    rule: float | None = None,
    size: tuple[int, int] = (386, 306),
    y_title: str = "Dice",
) -> Chart:
    """Lay out lines of scores between 0 and 1.

    Args:
        series: the lines.
        title: of the chart.
        note: beside the title.
        x_title: of the horizontal axis; "" in a small multiple.
        ticks: (value, text) of the horizontal axis; the first and last are its ends.
        rule: a score to compare with, drawn as a horizontal line.
        size: (width, height) in CSS pixels.
        y_title: of the vertical axis.
    """
    width, height = size
    small = not x_title
    left, top, right, bottom = (26, 8, width - 8, height - 18) if small else (44, 10, width - 12, height - 42)
    low, high = ticks[0][0], ticks[-1][0]
    across = Scale((low, high if high > low else low + 1), (left + 6, right - 6))
    upward = Scale((0.0, 1.0), (bottom, top))
    heights = (0.0, 0.5, 1.0) if small else (0.0, 0.25, 0.5, 0.75, 1.0)
    return Chart(
        title=title,
        note=note,
        width=width,
        height=height,
        frame=(left, top, right, bottom),
        x_ticks=tuple((across(value), text) for value, text in ticks),
        y_ticks=tuple((upward(value), f"{value:g}") for value in heights),
        x_title=x_title,
        series=tuple(_draw(one, across, upward) for one in series),
        rule=None if rule is None or math.isnan(rule) else upward(rule),
        y_title=y_title,
    )


def _draw(series: Series, across: Scale, upward: Scale) -> Drawn:
    points = [point for point in series.points if math.isfinite(point.mean)]
    known = [point for point in points if math.isfinite(point.low) and math.isfinite(point.high)]
    edge = [(across(p.x), upward(p.high)) for p in known] + [(across(p.x), upward(p.low)) for p in reversed(known)]
    return Drawn(
        series.name,
        series.colour,
        line=" ".join(f"{across(p.x):g},{upward(p.mean):g}" for p in points),
        band=" ".join(f"{x:g},{y:g}" for x, y in edge),
        marks=tuple((across(p.x), upward(p.mean), _words(series.name, p)) for p in points),
    )


def _words(name: str, point: Point) -> str:
    interval = f" [{point.low:.3f}, {point.high:.3f}]" if math.isfinite(point.low) else ""
    return f"{name}: {point.mean:.3f}{interval}"


def nice_reach(values: Sequence[float]) -> float:
    """The smallest of 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1 that no value exceeds."""
    largest = max(values, default=0.0)
    return next((reach for reach in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8) if largest <= reach), 1.0)
