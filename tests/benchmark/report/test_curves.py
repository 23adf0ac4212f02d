from __future__ import annotations

from samaritan.benchmark._row import Row
from samaritan.benchmark.report._arms import Arms
from samaritan.benchmark.report._curves import make_curves


def test_margin_jitter_and_clicks_have_their_curves(fake_rows: list[Row]) -> None:
    margin, jitter, clicks = make_curves(fake_rows, Arms.of(fake_rows))

    assert [text for _, text in margin.whole.x_ticks] == ["0 %", "10 %", "20 %"]
    assert [text for _, text in jitter.whole.x_ticks] == ["0 px", "10 px"]
    assert [text for _, text in clicks.whole.x_ticks] == ["1", "2", "3", "4", "5"]
    assert [part.title for part in margin.parts] == ["polyps", "hippocampus", "organs", "nuclei", "vessels"]


def test_clicks_rise_towards_the_box(fake_rows: list[Row]) -> None:
    clicks = make_curves(fake_rows, Arms.of(fake_rows))[-1]
    heights = [y for _, y, _ in clicks.whole.series[0].marks]

    assert heights == sorted(heights, reverse=True)
    assert clicks.has_rule
    assert clicks.whole.rule is not None
    assert clicks.whole.rule < heights[-1]


def test_prompts_without_a_second_place_have_no_curve(fake_rows: list[Row]) -> None:
    rows = [row for row in fake_rows if row["prompt"] in ("box", "point")]

    assert make_curves(rows, Arms.of(rows)) == []
    assert make_curves([], Arms.of([])) == []
