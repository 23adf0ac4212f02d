from __future__ import annotations

from typing import Any, cast

import pytest

from samaritan.benchmark._row import Row
from samaritan.benchmark.curves import by_distance, by_interactions, curve


def row(patient: str = "p1", dice: float | None = 0.5, **fields: Any) -> Row:
    base: dict[str, Any] = {
        "dataset": "polyps", "case_id": patient, "patient_id": patient, "target": "polyp", "level": "target",
        "instance": None, "rater": "reference", "model": "m", "adaptation": "none", "prompt": "box", "repeat": 0,
        "candidates": "single", "dice": dice, "dice_by_round": None, "status": "ok",
    }  # fmt: skip
    return cast(Row, base | fields)


class TestCurve:
    def test_by_hand(self) -> None:
        rows = [
            row("p1", 0.9, prompt="clicks:3", dice_by_round=[0.3, 0.6, 0.9]),
            row("p2", 0.5, prompt="clicks:3", dice_by_round=[0.5]),  # nothing left to correct: it stays there
            row("p3", None, prompt="clicks:3", status="failed"),
            row("p1", 0.9),
            row("p2", None, status="failed"),
        ]
        found = curve(rows, ("prompt",))
        assert [s.group for s in found] == [{"prompt": "clicks:3", "round": n} for n in (1, 2, 3)]
        assert [s.mean for s in found] == pytest.approx([0.4, 0.55, 0.7])
        assert [(s.n_rows, s.n_patients, s.n_failed) for s in found] == [(3, 2, 1)] * 3
        assert found[2].low <= 0.7 <= found[2].high

    def test_no_clicks_no_curve(self) -> None:
        assert curve([row()], ("prompt",)) == []


def test_scores_after_at_most_so_many_interactions() -> None:
    acts: dict[str, Any] = {"prompt": "clicks3d:2", "interactions_by_round": [1, 3, 4]}
    rows = [
        row("p1", 0.9, nsd_by_round=[0.2, 0.6, 1.0], **acts),
        row("p2", 0.9, nsd_by_round=[0.4, 0.6, 0.8], **acts),
        row("p3", 0.9),
    ]
    found = by_interactions(rows, ("prompt",), "nsd", resamples=10)
    assert [s.group["interactions"] for s in found] == [1, 2, 3, 4]
    assert [s.mean for s in found] == pytest.approx([0.3, 0.3, 0.6, 0.9])
    assert by_interactions([row()], ("prompt",)) == []


def test_a_target_without_slices_so_far_away_does_not_count_there() -> None:
    rows = [
        row("p1", 0.9, prompt="centre-box", dice_by_distance=[0.9, 0.5, None, 0.1]),
        row("p2", 0.9, prompt="centre-box", dice_by_distance=[0.7]),
    ]
    found = by_distance(rows, ("prompt",), resamples=10)
    assert [(s.group["distance"], s.n_patients, s.n_undefined) for s in found] == [
        (0, 2, 0), (1, 1, 1), (2, 0, 2), (3, 1, 1),
    ]  # fmt: skip
    assert [found[0].mean, found[1].mean, found[3].mean] == pytest.approx([0.8, 0.5, 0.1])
