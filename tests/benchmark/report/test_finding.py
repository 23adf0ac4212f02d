from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from samaritan.benchmark._row import Row
from samaritan.benchmark.report import _facts
from samaritan.benchmark.report._arms import Arms
from samaritan.benchmark.report._differences import compare_arms
from samaritan.benchmark.report._finding import Extent, _uses, find, untrained_prompts
from samaritan.benchmark.report._run import Run
from samaritan.benchmark.report._tables import make_table


def test_extent_counts_cases_not_rows(fake_rows: list[Row]) -> None:
    calls = {("a", "1", "m", "none"): 3, ("a", "1", "m", "lora"): 3, ("b", "1", "m", "none"): 2}
    extent = Extent.of(fake_rows, Arms.of(fake_rows), calls)

    assert (extent.datasets, extent.cases, extent.patients) == (5, 8 + 6 + 1 + 5 + 4 + 1, 4 + 3 + 1 + 3 + 2 + 1)
    assert extent.targets == 1 + 2 + 6 + 1 + 1
    assert extent.slices == 3 + 2
    assert extent.failed == 8
    assert extent.rows == len(fake_rows)


def test_slices_of_volumes_are_counted_though_a_cache_held_them(fake_rows: list[Row]) -> None:
    key = fake_rows[0]["dataset"], fake_rows[0]["case_id"]
    rows = [
        cast("Row", {**row, "case_calls": 7}) if (row["dataset"], row["case_id"]) == key else row for row in fake_rows
    ]

    assert Extent.of(rows, Arms.of(rows), {}).slices == 7
    assert "slices" not in dict(_facts(Extent.of(fake_rows, Arms.of(fake_rows), {})))


def test_oracle_never_is_the_best(fake_rows: list[Row]) -> None:
    rows = [row for row in fake_rows if row["prompt"] in ("everything", "point")]
    arms = Arms.of(rows)
    finding = find(rows, make_table(rows, arms), arms, None)

    assert finding
    assert finding.best.arm.prompt == "point"
    assert finding.second is None


def test_looseness_is_told_as_the_paired_change(fake_rows: list[Row]) -> None:
    arms = Arms.of(fake_rows)
    targets = [row for row in fake_rows if row["level"] == "target"]
    finding = find(targets, make_table(targets, arms), arms, compare_arms(targets, arms))

    assert finding
    assert [change.arm.prompt for change in finding.looser] == ["box:margin=0.1", "box:margin=0.2", "box:jitter=10px"]
    assert finding.looser[0].mean == pytest.approx(-0.04, abs=0.02)
    assert finding.lowest[0].name == "vessels"
    assert finding.highest[0].name == "polyps"
    assert finding.few == 5


def test_card_decides_which_prompts_are_outside_the_training(fake_run: tuple[Path, list[Row]]) -> None:
    run = Run.read(fake_run[0])
    arms = Arms.of(run.rows)

    assert untrained_prompts(run, arms) == {"litemedsam": ["point", "points:5", "clicks:5", "everything"]}
    run.provenance["models"]["litemedsam"]["prompts"] = ["box", "points"]
    assert untrained_prompts(run, arms) == {}


def test_an_adapter_brings_the_prompts_that_it_was_trained_with(fake_run: tuple[Path, list[Row]]) -> None:
    run = Run.read(fake_run[0])
    adapted: list[Any] = [{**row, "adaptation": "vessels"} for row in run.rows]
    arms = Arms.of([*run.rows, *adapted])
    untrained = ["point", "points:5", "clicks:5", "everything"]

    assert untrained_prompts(run, arms) == {"litemedsam": untrained, "litemedsam + vessels": untrained}
    run.provenance["adaptations"] = {"vessels": {"prompts": ["points:3"]}}
    assert untrained_prompts(run, arms) == {"litemedsam": untrained}


@pytest.mark.parametrize(
    ("prompt", "kinds"),
    [
        ("box:jitter=10px", {"box"}), ("image", {"box"}), ("none", set()), ("mask", {"mask"}), ("clicks:3", {"points"}),
        ("box+point", {"box", "points"}), ("everything:4", {"points"}), ("mazurowski:2", {"points"}),
        ("mazurowski:4:candidates=oracle", {"box"}), ("huang:S1", {"points"}), ("huang:S6", {"box", "points"}),
        ("a prompt of a later version", set()),
    ],
)  # fmt: skip
def test_what_a_prompt_asks_with_whatever_its_name(prompt: str, kinds: set[str]) -> None:
    assert _uses(prompt) == kinds
