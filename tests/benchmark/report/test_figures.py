from __future__ import annotations

import math

import pytest

from samaritan.benchmark.report._figures import Point, Scale, Series, draw_chart, nice_reach


def test_scale_maps_ends_and_middle_and_holds_what_lies_beyond() -> None:
    scale = Scale((0.0, 1.0), (100, 0))

    assert [scale(v) for v in (0.0, 0.5, 1.0, 1.7, -3.0)] == [100, 50, 0, 0, 100]


def test_chart_puts_the_mean_inside_its_band_and_higher_scores_higher() -> None:
    points = (Point(0, 0.8, 0.7, 0.9), Point(0.1, 0.6, 0.5, 0.7))
    chart = draw_chart([Series("sam", points)], title="t", x_title="margin", ticks=[(0, "0 %"), (0.1, "10 %")])
    (first, second), corners = chart.series[0].marks, chart.series[0].band.split()
    heights = [float(corner.split(",")[1]) for corner in corners]

    assert first[0] < second[0]
    assert first[1] < second[1]
    assert heights[0] < first[1] < heights[3]
    assert first[2] == "sam: 0.800 [0.700, 0.900]"
    assert chart.x_ticks[0][0] == first[0]


def test_point_without_interval_has_no_band_and_without_mean_no_mark() -> None:
    points = (Point(0, 0.8, math.nan, math.nan), Point(1, math.nan, math.nan, math.nan))
    chart = draw_chart([Series("sam", points)], title="t", ticks=[(0, "0"), (1, "1")], rule=math.nan)

    assert chart.series[0].band == ""
    assert len(chart.series[0].marks) == 1
    assert chart.rule is None


@pytest.mark.parametrize(("values", "reach"), [([], 0.05), ([0.03, 0.07], 0.1), ([0.2], 0.2), ([0.95], 1.0)])
def test_reach_is_round(values: list[float], reach: float) -> None:
    assert nice_reach(values) == reach
