from __future__ import annotations

import pytest

from samaritan.benchmark._row import Row
from samaritan.benchmark.compare import compare
from samaritan.benchmark.report._arms import Arms
from samaritan.benchmark.report._differences import compare_arms


def test_every_prompt_is_compared_with_the_tight_box(fake_rows: list[Row]) -> None:
    found = compare_arms(fake_rows, Arms.of(fake_rows))
    assert found
    pair = next(pair for pair in found.main if pair.a.prompt == "point")
    expected = compare(
        [row for row in fake_rows if row["prompt"] == "point"],
        [row for row in fake_rows if row["prompt"] == "box"],
        "dice",
    )

    assert {pair.b.prompt for pair in found.main} == {"box"}
    assert len(found.main) == 7
    assert len(found.others) == 21
    assert pair.result.difference == pytest.approx(expected.difference)
    assert (pair.result.low, pair.result.high) == pytest.approx((expected.low, expected.high), abs=1e-3)
    assert pair.result.p_holm >= expected.p


def test_one_arm_has_nothing_to_compare(fake_rows: list[Row]) -> None:
    rows = [row for row in fake_rows if row["prompt"] == "box"]

    assert compare_arms(rows, Arms.of(rows)) is None
    assert compare_arms([], Arms.of([])) is None
