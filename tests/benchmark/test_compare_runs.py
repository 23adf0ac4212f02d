import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from samaritan.benchmark.compare_runs import compare_runs, read_arms
from samaritan.core import FormatError, InputError, UsageError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write(run, (dataset, prompt, [dice of p0, p1, ...]), ...)`` makes a run folder."""

    def make(run: str, *parts: tuple[str, str, list[float]], **fields: Any) -> Path:
        rows = [
            {
                "dataset": dataset, "case_id": f"c{n}", "patient_id": f"p{n}", "target": "organ", "level": "target",
                "instance": None, "rater": "reference", "model": "m", "adaptation": "none", "prompt": prompt,
                "repeat": 0, "candidates": "single", "dice": dice, "status": "ok",
            } | fields
            for dataset, prompt, values in parts
            for n, dice in enumerate(values)
        ]  # fmt: skip
        folder = tmp_path / run
        folder.mkdir(parents=True)
        (folder / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return folder

    return make


GOOD, POOR = [0.9, 0.8, 0.85, 0.95, 0.7, 0.75, 0.88, 0.91], [0.5, 0.5, 0.6, 0.4, 0.3, 0.5, 0.2, 0.6]


def test_one_run_by_data_set_and_overall(write: Write) -> None:
    parts = [
        ("polyps", "box", GOOD),
        ("polyps", "point", POOR),
        ("vessels", "box", POOR[:2]),
        ("vessels", "point", GOOD[:2]),
    ]
    table = compare_runs([write("run", *parts)])
    assert [s.group for s in table.summaries] == [
        {"dataset": "polyps", "arm": "m, box"}, {"dataset": "polyps", "arm": "m, point"},
        {"dataset": "vessels", "arm": "m, box"}, {"dataset": "vessels", "arm": "m, point"},
        {"arm": "m, box"}, {"arm": "m, point"},
    ]  # fmt: skip
    polyps, vessels, overall = table.comparisons
    assert [c.group for c in table.comparisons] == [{"dataset": "polyps"}, {"dataset": "vessels"}, {}]
    assert (polyps.better, vessels.better) == ("m, box", "")
    assert table.summaries[4].mean == pytest.approx((sum(GOOD) / 8 + 0.5) / 2)
    assert overall.mean_a == pytest.approx(table.summaries[4].mean)
    assert overall.n_patients == 10


def test_a_single_data_set_has_no_overall(write: Write) -> None:
    table = compare_runs([write("run", ("polyps", "box", GOOD), ("polyps", "point", POOR))])
    assert [s.group.get("dataset") for s in table.summaries] == ["polyps", "polyps"]
    assert len(table.comparisons) == 1


def test_arms_of_several_runs(write: Write) -> None:
    monday = write("monday", ("polyps", "box", GOOD), ("polyps", "point", POOR))
    tuesday = write("tuesday", ("polyps", "box", POOR))
    assert list(read_arms([monday, tuesday])) == ["m, box @ monday", "m, box @ tuesday", "m, point"]
    table = compare_runs([monday, tuesday])
    first = table.comparisons[0]
    assert (first.a, first.b, first.better) == ("m, box @ monday", "m, box @ tuesday", "m, box @ monday")


def test_runs_of_the_same_name_carry_their_paths(write: Write) -> None:
    runs = [write(name, ("polyps", "box", GOOD)) for name in ("first/run", "second/run")]
    assert list(read_arms(runs)) == [f"m, box @ {run}" for run in runs]


def test_a_data_set_that_only_one_arm_has_is_summarised(write: Write) -> None:
    table = compare_runs([write("run", ("polyps", "box", GOOD), ("polyps", "point", POOR), ("liver", "box", GOOD))])
    assert {"dataset": "liver", "arm": "m, box"} in [s.group for s in table.summaries]
    assert [c.group for c in table.comparisons] == [{"dataset": "polyps"}, {}]
    assert table.comparisons[1].n_unpaired == 8


def test_objects_of_images(write: Write) -> None:
    one = write("one", ("nuclei", "box", GOOD), level="instance", instance=1)
    two = write("two", ("nuclei", "point", POOR), level="instance", instance=1)
    (found,) = compare_runs([one, two], level="instance").comparisons
    assert found.n_pairs == 8
    with pytest.raises(InputError, match="nothing to pair"):
        compare_runs([one, two])


def test_refusals(write: Write, tmp_path: Path) -> None:
    run = write("run", ("polyps", "box", GOOD))
    with pytest.raises(UsageError, match="given twice"):
        compare_runs([run, run.parent / "." / "run"])
    with pytest.raises(InputError, match="nothing to pair"):
        compare_runs([run])
    with pytest.raises(InputError, match=r"holds no results\.jsonl"):
        compare_runs([run, tmp_path / "absent"])
    other = write("other", ("polyps", "point", POOR))
    with (other / "results.jsonl").open("a") as file:
        file.write("garbage\n")
    with pytest.raises(FormatError, match="line 9"):
        compare_runs([run, other])
