from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from samaritan.benchmark._row import NO_VOLUME
from samaritan.benchmark.report import write_report
from samaritan.benchmark.report._arms import Arms
from samaritan.benchmark.report._curves import make_curves
from samaritan.benchmark.report._volumes import Volumes, make_volumes, reason

PROMPTS = ("box", "centre-box", "boxes-every:5", "clicks3d:2")


def as_volumes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Made-up rows, of which those of prompts about volumes say what such rows say."""
    return [row | (NO_VOLUME if row["prompt"] == "box" else _volume(row)) for row in rows]


def _volume(row: dict[str, Any]) -> dict[str, Any]:
    clicks = row["prompt"] == "clicks3d:2"
    dice = row["dice"] or 0.0
    chains = [
        {"step": -1, "start": 9, "last": 5, "edge": 5, "reason": "empty: the model found nothing"},
        {"step": 1, "start": 9, "last": 12, "edge": 20, "reason": "overlap with the last mask 0.31"},
        {"step": 1, "start": 9, "last": 25, "edge": 20, "reason": "reached the end of the volume"},
        {"step": 1, "start": 9, "last": 14, "edge": 20, "reason": "reached the prompted slice 15"},
    ]
    return {
        "propagation": "auto", "dice_by_round": [dice / 2, dice * 0.75, dice] if clicks else None,
        "nsd_by_round": [0.5, 0.6, 0.7] if clicks else None, "interactions_by_round": [1, 2, 3] if clicks else None,
        "dice_auc": dice * 0.75 if clicks else None, "nsd_auc": 0.6 if clicks else None,
        "interactions": {"centre-box": 1, "boxes-every:5": 5}.get(row["prompt"], 3),
        "dice_by_distance": [0.9, 0.6, 0.0], "chains": chains, "case_calls": 12, "case_seconds": 8.0,
    }  # fmt: skip


@pytest.fixture
def rows(make_run: Any, fake_data: Any) -> list[dict[str, Any]]:
    from samaritan.benchmark.statistics import read_rows

    found = read_rows(make_run(data=fake_data[1:3], prompts=PROMPTS, pictures=False))
    return as_volumes([dict(row) for row in found])


@pytest.fixture
def section(rows: Any) -> Volumes:
    found = make_volumes([row for row in rows if row["level"] == "target"], Arms.of(rows, PROMPTS))
    assert found is not None
    return found


def test_the_table_has_interactions_areas_and_cost(section: Volumes) -> None:
    assert [way.arm.prompt for way in section.ways] == ["centre-box", "boxes-every:5", "clicks3d:2"]
    centre, _, clicks = section.ways
    assert (centre.numbers["interactions"].mean, centre.numbers["case_calls"].mean) == (1.0, 12.0)
    assert centre.numbers["dice_auc"].n_patients == 0
    assert clicks.numbers["dice_auc"].mean == pytest.approx(clicks.numbers["dice"].mean * 0.75)
    assert section.propagation == ("auto",)


def test_corrected_volumes_are_lines_and_others_marks(section: Volumes) -> None:
    dice, nsd = section.interactions
    assert (dice.whole.y_title, nsd.whole.y_title) == ("Dice", "NSD")
    assert [(one.name, len(one.marks)) for one in dice.whole.series] == [
        ("centre-box", 1), ("boxes-every:5", 1), ("clicks3d:2", 3),
    ]  # fmt: skip
    assert [text for _, text in dice.whole.x_ticks] == ["1", "2", "4", "8"]
    assert [part.title for part in dice.parts] == ["hippocampus", "organs"]


def test_distance_is_drawn_as_far_as_targets_reach(section: Volumes) -> None:
    assert section.distance is not None
    assert [text for _, text in section.distance.whole.x_ticks] == ["0", "1", "2"]
    assert len(section.distance.whole.series) == 3


def test_ends_leave_out_chains_that_a_prompt_stopped(section: Volumes) -> None:
    end = section.ends[0]
    assert [end.short, end.beyond] == pytest.approx([1 / 3, 1 / 3])
    assert (end.reason, end.reason_share) == ("overlap with the last mask", 1.0)


def test_reasons_lose_their_numbers() -> None:
    assert reason("shrinks too fast: 0.49 of the last area") == "shrinks too fast"
    assert reason("predicted quality 0.46, on the prompted slice 0.82") == "predicted quality"
    assert reason("empty: the model found nothing") == "empty"


def test_pictures_alone_have_no_section(fake_rows: Any) -> None:
    assert make_volumes(fake_rows, Arms.of(fake_rows)) is None


def test_volumes_are_not_among_the_clicks_on_pictures(rows: Any) -> None:
    assert make_curves(rows, Arms.of(rows)) == []


def test_a_report_of_volumes_is_written(make_run: Any, fake_data: Any) -> None:
    import json

    run: Path = make_run(data=fake_data[1:2], prompts=PROMPTS)
    lines = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    (run / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in as_volumes(lines)))
    page = write_report(run).read_text()
    assert 'id="volumes"' in page
    assert "overlap with the last mask (100 %)" in page
    assert "box on every 5th slice and the last" in page
