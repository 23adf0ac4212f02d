from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from samaritan.benchmark._case import Outcome, Work, answer, failed_rows
from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._measure import groups_of
from samaritan.benchmark._row import KEY, Row, key
from samaritan.benchmark._targets import targets_of
from samaritan.core import SliceView
from samaritan.predict.volume import VolumePredictor
from samaritan.prompts import make_prompt


@pytest.fixture
def measured(threshold: Any) -> Any:
    """``measured(case, *prompts, **settings)`` -> (outcome, number of steps)."""

    def run(case: Any, *prompts: str, **settings: Any) -> tuple[Outcome, int]:
        config = RunConfig(data=("memory",), models=("threshold",), prompts=prompts, **settings)
        volume = case.read_image()
        view = SliceView.of(volume.geometry, config.plane)
        groups = groups_of(targets_of(case, volume, view, config), view.shape)
        steps: list[int] = []
        work = Work(case, groups, [make_prompt(text) for text in prompts], config)
        predictor = VolumePredictor(threshold, volume, modality=case.modality, intensity="asis")
        return answer(work, predictor, lambda: steps.append(1)).outcome(), len(steps)

    return run


def test_rows_in_a_stable_order_and_one_step_per_slice(measured: Any, make_case: Any, two_targets: Any) -> None:
    outcome, steps = measured(make_case("a", two_targets), "box", "point", repeats=2)
    assert [(row["label"], row["prompt"], row["repeat"]) for row in outcome.rows] == [
        (label, prompt, repeat) for label in (1, 3) for prompt in ("box", "point") for repeat in (0, 1)
    ]
    assert (steps, outcome.encode_calls, outcome.failed) == (5, 5, False)
    assert set(outcome.rows[0]) == set(Row.__annotations__) - {"seen"}  # which the session says


def test_previews_are_of_the_first_repeat_and_share_pictures(measured: Any, make_case: Any, two_targets: Any) -> None:
    outcome, _ = measured(make_case("a", two_targets[:, :, 3:4]), "box", "point", repeats=2)
    assert [tuple(p["key"]) for p in outcome.previews] == [key(row) for row in outcome.rows if row["repeat"] == 0]
    assert len(outcome.pictures) == 1
    assert {p["picture"] for p in outcome.previews} == set(outcome.pictures)


def test_an_image_with_text_burned_in_is_measured_and_not_shown(
    measured: Any, make_case: Any, two_targets: Any
) -> None:
    case = make_case("a", two_targets[:, :, 3:4])
    volume = case.read_image()
    marked = replace(volume, meta={**volume.meta, "burned_in": True})
    outcome, _ = measured(replace(case, read_image=lambda: marked), "box")
    assert not outcome.failed
    assert (outcome.previews, outcome.pictures) == ([], {})


def test_another_model_gets_the_same_prompts(measured: Any, threshold: Any, make_case: Any, two_targets: Any) -> None:
    case = make_case("a", two_targets)
    first, _ = measured(case, "points:4", "box:jitter=3px")
    threshold.name = "other"
    second, _ = measured(case, "points:4", "box:jitter=3px")
    assert [p["prompts"] for p in first.previews] == [p["prompts"] for p in second.previews]
    assert {row["model"] for row in second.rows} == {"other"}


def test_every_rater_is_asked_from_his_own_drawing(measured: Any, make_case: Any, picture: Any) -> None:
    smaller = picture.copy()
    smaller[4:8] = 0
    outcome, _ = measured(make_case("a", {"reference": picture, "anna": smaller}), "box", raters="all")
    assert [(row["rater"], row["dice"], row["voxels"]) for row in outcome.rows] == [
        ("reference", 1.0, 40),
        ("anna", 1.0, 20),
    ]


def test_failed_rows_name_the_case_and_every_prompt(make_case: Any, picture: Any) -> None:
    case = replace(make_case("a", picture), patient_id="p7")
    rows = failed_rows(case, "threshold", [make_prompt("box"), make_prompt("huang:S2")], "It broke.")
    assert [(row["prompt"], row["candidates"], row["target"]) for row in rows] == [
        ("box", "single", "*"),
        ("huang:S2", "oracle", "*"),
    ]
    for row in rows:
        assert set(row) == set(Row.__annotations__) - {"seen"}
        assert (row["patient_id"], row["status"], row["error"], row["dice"]) == ("p7", "failed", "It broke.", None)
    assert len({key(row) for row in rows}) == 2
    assert set(KEY) <= set(rows[0])
    assert Outcome(rows).failed
