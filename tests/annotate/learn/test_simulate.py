from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from samaritan.annotate.learn.simulate import SimulationConfig, run_simulation
from samaritan.annotate.learn.simulate._cases import subjects_of
from samaritan.core import InputError, UsageError
from samaritan.datasets import open_datasets

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture(scope="module")
def config(data: Path) -> SimulationConfig:
    return SimulationConfig(data=(str(data),), model="tiny-litemedsam", every=3, steps=2, patience=3)


@pytest.mark.slow
def test_all_cases_are_labelled_once_under_each_condition(config: SimulationConfig, tmp_path: Path) -> None:
    said: list[str] = []
    result = run_simulation(config, tmp_path / "run", said.append)
    rows = [json.loads(line) for line in (tmp_path / "run" / "rows.jsonl").read_text().splitlines()]
    by_condition: dict[str, list[str]] = {}
    for row in rows:
        by_condition.setdefault(row["condition"], []).append(row["case"])
        assert 0 <= row["interactions"] <= 3
        assert len(row["course"]) == row["interactions"] + 1
        assert row["by_hand"] == (row["dice"] < 0.9)
    assert list(by_condition) == ["no learning", "learning, by name", "learning, by uncertainty"]
    names = [f"patient{n}" for n in range(7)]
    assert by_condition["no learning"] == by_condition["learning, by name"] == names
    assert sorted(by_condition["learning, by uncertainty"]) == names
    trainings = [json.loads(line) for line in (tmp_path / "run" / "trainings.jsonl").read_text().splitlines()]
    assert [one["accepted"] for one in trainings] == [3, 6, 3, 6]
    assert "no learning" in result.table
    assert {path.name for path in result.folder.iterdir()} == {
        "rows.jsonl", "trainings.jsonl", "config.yaml", "report.md", "plot.png",
    }  # fmt: skip
    assert said


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_and_another_one_is_refused(config: SimulationConfig, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        run_simulation(config, out, stop_at("learning, by name"))
    rows = (out / "rows.jsonl").read_text()
    assert rows.count("\n") == 7
    said: list[str] = []
    run_simulation(config, out, said.append)
    assert not [sentence for sentence in said if "no learning" in sentence]
    assert (out / "rows.jsonl").read_text().startswith(rows)
    with pytest.raises(InputError, match="other settings"):
        run_simulation(config.model_copy(update={"steps": 3}), out)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    with pytest.raises(InputError, match="no simulation"):
        run_simulation(config, tmp_path / "other")


def test_a_case_that_cannot_be_read_is_left_out(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    first = min((copy / "images").iterdir())
    first.write_bytes(first.read_bytes()[:60])
    (dataset,) = open_datasets([str(copy)])
    said: list[str] = []
    assert len(subjects_of(dataset, None, said.append)) == len(dataset.cases) - 1
    assert len(said) == 1
    assert said[0].startswith(f"{first.stem} is left out: ")


def test_what_cannot_be_simulated_is_refused_and_leaves_no_folder(config: SimulationConfig, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(InputError, match=r"has 3 cases, and the first training comes after 3, .* smaller --every"):
        run_simulation(config.model_copy(update={"limit": 3}), out)
    with pytest.raises(UsageError, match="no model named 'other'"):
        run_simulation(config.model_copy(update={"model": "other"}), out)
    assert not out.exists()


def stop_at(words: str) -> Callable[[str], None]:
    def say(sentence: str) -> None:
        if words in sentence:
            raise KeyboardInterrupt

    return say
