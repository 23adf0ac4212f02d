from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from samaritan.benchmark._row import Row
from samaritan.benchmark.report._arms import Arms
from samaritan.benchmark.report._gallery import make_gallery
from samaritan.benchmark.report._run import Run


@pytest.fixture(scope="module")
def halls(fake_run: tuple[Path, list[Row]]) -> dict[str, Any]:
    run = Run.read(fake_run[0])
    targets = [row for row in run.rows if row["level"] == "target"]
    return {hall.dataset: hall for hall in make_gallery(run, targets, Arms.of(run.rows))}


def test_best_median_worst_are_those_by_dice(halls: dict[str, Any], fake_rows: list[Row]) -> None:
    scores = sorted(
        row["dice"]
        for row in fake_rows
        if row["dataset"] == "polyps"
        and row["prompt"] == "box"
        and row["dice"] is not None
        and row["level"] == "target"
    )
    (strip,) = halls["polyps"].targets

    assert [plate.title for plate in strip.plates] == ["best", "median", "worst"]
    assert [plate.row["dice"] for plate in strip.plates] == [
        scores[-1],
        scores[len(scores) - 1 - len(scores) // 2],
        scores[0],
    ]


def test_many_targets_of_one_case_share_a_strip(halls: dict[str, Any]) -> None:
    (strip,) = halls["organs"].targets

    assert "liver" in [plate.title for plate in strip.plates]
    assert len(strip.plates) == 6
    assert all(plate.slice == 2 and plate.enlarged for plate in strip.plates)


def test_one_case_is_shown_under_every_prompt_in_one_frame(halls: dict[str, Any]) -> None:
    strip = halls["hippocampus"].prompts

    assert [plate.title for plate in strip.plates] == Arms.of([plate.row for plate in strip.plates]).prompts
    assert len({plate.row["case_id"] for plate in strip.plates}) == 1
    assert len({plate.size for plate in strip.plates}) == 1


def test_more_targets_than_fit_are_counted(make_run: Callable[..., Path], fake_data: Any) -> None:
    names = tuple(f"region {n}" for n in range(9))
    run = Run.read(make_run(data=(type(fake_data[0])("atlas", "MR", 2, names, 0.8),), prompts=("box",)))
    (hall,) = make_gallery(run, run.rows, Arms.of(run.rows))

    assert (len(hall.targets), hall.left_out, hall.prompts) == (4, 5, None)


def test_picture_that_is_missing_or_outside_of_the_run_is_not_shown(
    make_run: Callable[..., Path], fake_data: Any
) -> None:
    folder = make_run(data=fake_data[:1], prompts=("box",))
    for picture in (folder / "gallery").iterdir():
        picture.rename(folder.parent / picture.name)
    run = Run.read(folder)
    assert make_gallery(run, run.rows, Arms.of(run.rows)) == []

    for preview in run.previews.values():
        preview["picture"] = f"../{Path(preview['picture']).name}"
    assert make_gallery(run, run.rows, Arms.of(run.rows)) == []
