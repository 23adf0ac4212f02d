"""Sets of answers against sets of raters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from samaritan.adapt import attach
from samaritan.bakeoff import ArmConfig, ScoreConfig
from samaritan.bakeoff._panel import ask_panel, raters_of
from samaritan.bakeoff._raters import SCORES, RaterScore, pair_raters, read_scores, summarise_raters, write_scores
from samaritan.bakeoff._timing import time_inference
from samaritan.datasets import Case, open_datasets
from samaritan.evaluate import score_raters
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from samaritan.train import TrainConfig


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    """Two pictures; three raters drew the first one, one the second."""
    rows, columns = np.mgrid[:32, :40]
    for name, kinds in (("a", ("masks", "masks_raters/x", "masks_raters/y", "masks_raters/z")), ("b", ("masks",))):
        for number, kind in enumerate(("images", *kinds)):
            mask = ((columns - 20 - number) / 9) ** 2 + ((rows - 16) / 6) ** 2 < 1
            path = tmp_path / "cells" / kind / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((mask * (150 if kind == "images" else 1)).astype(np.uint8)).save(path)
    return list(open_datasets([str(tmp_path / "cells")])[0].cases)


def config(**score: object) -> ArmConfig:
    train = TrainConfig(data=("cells",), model="tiny-litemedsam", steps=1)
    return ArmConfig(label="x", train=train, score=ScoreConfig.parse(score, "The test"))


def model() -> SamSegmenter:
    loaded = load_model("tiny-litemedsam")
    assert isinstance(loaded, SamSegmenter)
    return loaded


def test_the_gold_standard_is_no_rater_where_there_are_others(cases: list[Case]) -> None:
    assert [raters_of(case) for case in cases] == [["x", "y", "z"], ["reference"]]


def test_a_model_with_one_answer_is_asked_once(cases: list[Case]) -> None:
    segmenter = model()
    (found,) = ask_panel(segmenter, None, cases, config())
    assert (found.case_id, found.samples, found.raters) == ("a", 1, 3)
    assert found.scores.keys() == SCORES.keys()
    adapted = attach(segmenter, "lora")
    (same,) = ask_panel(segmenter, adapted, cases, config())
    assert same.scores == pytest.approx(found.scores, abs=1e-6)  # LoRA changes nothing before it is trained


def test_a_stochastic_method_is_asked_as_often_as_settings_say(cases: list[Case]) -> None:
    segmenter = model()
    adapted = attach(segmenter, "probabilistic-sam")
    found = ask_panel(segmenter, adapted, cases, config(samples=5, prompts=["box", "point"]))
    assert [(one.prompt, one.samples) for one in found] == [("box", 5), ("point", 5)]
    again = ask_panel(segmenter, adapted, cases, config(samples=5, prompts=["box", "point"]))
    assert found == again


def test_prompts_that_need_the_reference_to_choose_are_left_out(cases: list[Case]) -> None:
    assert [one.prompt for one in ask_panel(model(), None, cases, config(prompts=["box", "everything"]))] == ["box"]


def test_scores_are_kept_and_averaged_over_patients(tmp_path: Path) -> None:
    masks = [np.eye(4, dtype=bool), np.zeros((4, 4), bool)]
    scores = score_raters(masks[:1], masks) | {"ece": 0.1}
    kept = [RaterScore("d", patient, patient, "cell", "box", 1, 2, scores | {"ged": ged}) for patient, ged in
            (("p", 0.2), ("p", 0.4), ("q", 0.9))]  # fmt: skip
    write_scores(tmp_path, kept)
    assert read_scores(tmp_path) == kept
    ged = summarise_raters(kept, "ged")
    assert ged.mean == pytest.approx(0.6)
    assert (ged.n_patients, ged.best_is_high) == (2, False)
    assert read_scores(tmp_path / "nowhere") == []


def test_methods_that_draw_are_paired_with_those_that_do_not() -> None:
    def scored(rise: float, samples: int, prompt: str = "box") -> list[RaterScore]:
        names = [f"p{n}" for n in range(8)]
        return [
            RaterScore("d", name, name, "cell", prompt, samples, 3, {"ged": 0.5 + 0.02 * n + rise * (1 + 0.1 * n)})
            for n, name in enumerate(names)
        ]

    arms = {"base": scored(0, 1), "med-sa": scored(-0.1, 1), "ua-sam": scored(-0.2, 16) + scored(0, 16, "point")}
    first, second = pair_raters(arms, "box")
    assert (first.a, first.b, second.b) == ("ua-sam", "base", "med-sa")
    assert first.difference == pytest.approx(-0.2 * 1.35)
    assert first.high < 0
    assert first.p == pytest.approx(2 / 2**8)
    assert first.p_holm == pytest.approx(4 / 2**8)
    assert pair_raters(arms, "point") == []


def test_inference_is_timed(cases: list[Case]) -> None:
    timing = time_inference(model(), cases[0], config().train)
    assert 0 < timing.decode < 60
    assert 0 < timing.encode < 60
