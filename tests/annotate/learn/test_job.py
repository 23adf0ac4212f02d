from __future__ import annotations

import json
import subprocess
import sys
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

pytestmark = pytest.mark.usefixtures("quick")


def job(data: Path, out: Path, **changes: Any) -> Job:
    return Job(data=str(data), out=str(out), model="tiny-litemedsam", steps=3, **changes)


def trained(job: Job) -> tuple[Outcome, list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []
    outcome = run(job, told.append)
    assert outcome is not None
    return outcome, told


def test_it_trains_compares_and_leaves_adapter_proposer_and_split(data: Path, tmp_path: Path) -> None:
    outcome, told = trained(job(data, tmp_path / "run"))
    assert (outcome.train, outcome.validation, outcome.steps) == (6, 1, 3)
    assert 0 <= outcome.before <= 1
    assert 0 <= outcome.after <= 1
    assert "on 1 case kept apart" in outcome.sentence
    assert "trained on 6" in outcome.sentence
    assert "a hint, no proof" in outcome.sentence
    assert [one["step"] for one in told if one["state"] == "training"] == [0, 1, 2, 3]
    assert told[-1] == {"state": "validating"}
    proposer = Proposer.beside(tmp_path / "run")
    assert proposer is not None
    assert proposer.labels == ("organ",)
    assert proposer.pictures == 7
    split = Split.read(tmp_path / "run" / "split.json")
    assert sorted(split.places.values()).count("val") == 1
    assert not list(tmp_path.glob("*.split.json"))


def test_the_next_one_goes_on_from_the_adapter_in_use_and_keeps_its_split(data: Path, tmp_path: Path) -> None:
    first, _ = trained(job(data, tmp_path / "one"))
    second, _ = trained(job(data, tmp_path / "two", adapter=first.adapter))
    assert second.before == first.after
    splits = [Split.read(tmp_path / name / "split.json").places for name in ("one", "two")]
    assert splits[0] == splits[1]
    weights = [read_adapter(outcome.adapter).state for outcome in (first, second)]
    assert any(not weights[0][name].equal(weights[1][name]) for name in weights[0])


def test_lora_starts_from_the_base_where_a_decoder_is_in_use(data: Path, tmp_path: Path) -> None:
    first, _ = trained(job(data, tmp_path / "one"))
    second, _ = trained(job(data, tmp_path / "two", adapter=first.adapter, method="lora"))
    assert read_adapter(second.adapter).header.method == "lora"
    assert second.before == first.after


def test_a_process_of_its_own_says_lines(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    job(data, tmp_path / "run").write(file)
    command = [sys.executable, "-m", "samaritan.annotate.learn", str(file)]
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


def test_a_case_is_answered_for_the_names_that_are_known(data: Path, tmp_path: Path) -> None:
    outcome, _ = trained(job(data, tmp_path / "run"))
    asked, about, question = predictor(data, Path(outcome.adapter))
    seen: list[tuple[int, int]] = []
    answer = answer_case(
        asked, question, about, proposer=Proposer.beside(tmp_path / "run"), progress=lambda *done: seen.append(done)
    )
    assert list(answer.masks) == ["organ"]
    assert answer.masks["organ"].shape == asked.volume.geometry.shape
    assert 0 <= answer.uncertainty <= 1
    assert seen == [(1, 2), (2, 2)]
    again = answer_case(asked, question, about, proposer=Proposer.beside(tmp_path / "run"))
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
