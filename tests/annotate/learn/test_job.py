from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from samaritan.adapt import read_adapter
from samaritan.annotate.engine.requests import CaseQuestion, ImageRef
from samaritan.annotate.learn.answer import answer_case, without_crumbs
from samaritan.annotate.learn.job import Outcome, run
from samaritan.annotate.learn.plan import Job
from samaritan.annotate.learn.proposer import Proposer
from samaritan.core import UsageError
from samaritan.datasets import Split, open_datasets
from samaritan.loading import load_segmenter
from samaritan.predict.volume import VolumePredictor

#: The program of the training process, without curve, forecast and TensorBoard (as the fixture ``quick``), and not nicer than
#: the test that waits for it.
QUICKLY = """
import importlib, os, sys
from samaritan.annotate.learn import __main__ as program
import samaritan.train._log, samaritan.train.forecast
def unforeseen(*_): raise RuntimeError("Tests do not simulate a step.")
importlib.import_module("samaritan.train.fit").draw_curve = lambda *_: None
samaritan.train._log.find_spec = lambda name: None
samaritan.train.forecast.dry_run = unforeseen
program.NICE = 0
sys.exit(program.main(sys.argv[1]))
"""

pytestmark = pytest.mark.usefixtures("quick_module")


def job(data: Path, out: Path, **changes: Any) -> Job:
    return Job(data=str(data), out=str(out), model="tiny-litemedsam", steps=3, **changes)


def trained(job: Job) -> tuple[Outcome, list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []
    outcome = run(job, told.append)
    assert outcome is not None
    return outcome, told


@dataclass(frozen=True)
class First:
    """A training of the decoder, which most tests look at or go on from.

    Attributes:
        outcome: how it ended.
        told: what it said.
        folder: that it wrote.
    """

    outcome: Outcome
    told: list[dict[str, Any]]
    folder: Path

    @property
    def adapter(self) -> str:
        return self.outcome.adapter


@pytest.fixture(scope="module")
def first(data: Path, tmp_path_factory: pytest.TempPathFactory, quick_module: None) -> First:
    folder = tmp_path_factory.mktemp("first") / "run"
    return First(*trained(job(data, folder)), folder)


def test_it_trains_compares_and_leaves_adapter_proposer_and_split(first: First) -> None:
    outcome, told = first.outcome, first.told
    assert (outcome.train, outcome.validation, outcome.steps) == (6, 1, 3)
    assert 0 <= outcome.before <= 1
    assert 0 <= outcome.after <= 1
    assert "on 1 case kept apart" in outcome.sentence
    assert "trained on 6" in outcome.sentence
    assert "a hint, no proof" in outcome.sentence
    assert [one["step"] for one in told if one["state"] == "training"] == [0, 1, 2, 3]
    compared = [one for one in told if one["state"] == "validating"]
    assert [(one["step"], one["steps"]) for one in compared] == [(step, 9) for step in range(10)]
    proposer = Proposer.beside(first.folder)
    assert proposer is not None
    assert proposer.labels == ("organ",)
    assert proposer.pictures == 7
    split = Split.read(first.folder / "split.json")
    assert sorted(split.places.values()).count("val") == 1
    assert not list(first.folder.parent.glob("*.split.json"))


def test_the_next_one_goes_on_from_the_adapter_in_use_and_keeps_its_split(
    data: Path, first: First, tmp_path: Path
) -> None:
    second, _ = trained(job(data, tmp_path / "two", adapter=first.adapter))
    assert second.before == first.outcome.after
    splits = [Split.read(folder / "split.json").places for folder in (first.folder, tmp_path / "two")]
    assert splits[0] == splits[1]
    weights = [read_adapter(adapter).state for adapter in (first.adapter, second.adapter)]
    assert any(not weights[0][name].equal(weights[1][name]) for name in weights[0])


def test_lora_starts_from_the_base_where_a_decoder_is_in_use(data: Path, first: First, tmp_path: Path) -> None:
    second, _ = trained(job(data, tmp_path / "two", adapter=first.adapter, method="lora"))
    assert read_adapter(second.adapter).header.method == "lora"
    assert second.before == first.outcome.after


@pytest.mark.slow
def test_a_process_of_its_own_says_lines(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    job(data, tmp_path / "run").write(file)
    command = [sys.executable, "-c", QUICKLY, str(file)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    lines = [json.loads(line) for line in process.stdout]
    process.stdin.close()
    process.stdout.close()
    assert process.wait() == 0
    assert lines[-1]["state"] == "ready"
    assert lines[-1]["validation"] == 1
    assert Path(lines[-1]["adapter"]).is_file()


def predictor(data: Path, adapter: Path | None, case: int = 0) -> tuple[VolumePredictor, dict[str, Any], CaseQuestion]:
    loaded = load_segmenter("tiny-litemedsam", adapter)
    found = open_datasets([str(data)])[0].cases[case]
    image = ImageRef(found.case_id, found.sources[0])
    return VolumePredictor(loaded.segmenter, found.read_image()), loaded.about, CaseQuestion(image, ("organ", "other"))


def test_a_case_is_answered_for_the_names_that_are_known(data: Path, first: First) -> None:
    asked, about, question = predictor(data, Path(first.adapter))
    seen: list[tuple[int, int]] = []
    answer = answer_case(
        asked, question, about, proposer=Proposer.beside(first.folder), progress=lambda *done: seen.append(done)
    )
    assert list(answer.masks) == ["organ"]
    assert answer.masks["organ"].shape == asked.volume.geometry.shape
    assert 0 <= answer.uncertainty <= 1
    assert seen == [(1, 2), (2, 2)]
    again = answer_case(asked, question, about, proposer=Proposer.beside(first.folder))
    assert (again.masks["organ"] == answer.masks["organ"]).all()
    assert again.uncertainty == answer.uncertainty
    assert asked.encode_calls == 1


def test_a_model_that_was_not_taught_to_propose_says_so(data: Path) -> None:
    asked, about, question = predictor(data, None)
    with pytest.raises(UsageError, match="not taught to answer without prompts"):
        answer_case(asked, question, about)


def test_unknown_names_are_refused(data: Path) -> None:
    asked, _, question = predictor(data, None)
    with pytest.raises(UsageError, match="was taught liver, and none of organ, other"):
        answer_case(asked, question, {"prompts": ["none"], "labels": ["liver"]})


def test_an_adapter_that_was_trained_without_prompts_needs_no_proposer(data: Path) -> None:
    asked, _, question = predictor(data, None)
    for prompt in ("none", "image"):
        answer = answer_case(asked, question, {"prompts": [prompt], "labels": ["organ"]})
        assert list(answer.masks) == ["organ"]


def test_crumbs_are_left_out() -> None:
    import numpy as np

    mask = np.zeros((10, 10), bool)
    mask[:4, :4] = True
    mask[7:9, 7:9] = True
    kept = without_crumbs(mask)
    assert kept.sum() == 16
    mask[6:9, 6:9] = True
    assert without_crumbs(mask).sum() == 25
