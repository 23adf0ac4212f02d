"""What is there before the first step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from accelerate import Accelerator

from samaritan.datasets import Split, SplitPart
from samaritan.train import Silent, TrainConfig
from samaritan.train._folder import TrainFolder
from samaritan.train._prepare import FREE_VARIANTS, MOST_VARIANTS, Preparation, Prepared

pytestmark = pytest.mark.usefixtures("quick")


def prepare(data: Path, out: Path, **changes: Any) -> Prepared:
    settings: dict[str, Any] = {"method": "decoder", "batch": 2}
    config = TrainConfig(data=(str(data),), model="tiny-litemedsam", **settings | changes)
    out.mkdir(exist_ok=True)
    return Preparation(config, TrainFolder(out), Accelerator(cpu=True), Silent()).prepare(force=False)


def parts(ready: Prepared) -> dict[str, set[str]]:
    split = Split.read(ready.folder.split)
    names: tuple[SplitPart, ...] = ("train", "val", "test")
    return {name: {case.case_id for case in split.part(ready.datasets, name)} for name in names}


def test_fewer_training_cases_leave_the_other_parts_as_they_are(data: Path, tmp_path: Path) -> None:
    whole, few = prepare(data, tmp_path / "whole", steps=1), prepare(data, tmp_path / "few", steps=1, train_cases=2)
    assert len(parts(few)["train"]) == len(few.prints) == 2
    assert parts(few)["train"] < parts(whole)["train"]
    assert {name: parts(few)[name] for name in ("val", "test")} == {
        name: parts(whole)[name] for name in ("val", "test")
    }


def test_a_split_that_is_given_is_taken_and_kept(data: Path, tmp_path: Path) -> None:
    given = prepare(data, tmp_path / "first", steps=1, seed=5)
    again = prepare(data, tmp_path / "second", steps=1, seed=6, split=str(given.folder.split))
    other = prepare(data, tmp_path / "third", steps=1, seed=6)
    assert parts(again) == parts(given) != parts(other)


def test_labels_and_prints_are_of_the_training_part(data: Path, tmp_path: Path) -> None:
    ready = prepare(data, tmp_path / "run", steps=1)
    assert ready.labels == ("label_1",)
    assert set(ready.prints) == {f"{data.name}/{case}" for case in parts(ready)["train"]}
    assert len(set(ready.prints.values())) == len(ready.prints)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"steps": 9, "variants": 3}, 3),
        ({"steps": 9}, MOST_VARIANTS // 2),
        ({"steps": 9, "method": "full"}, FREE_VARIANTS),
        ({"minutes": 1000.0}, MOST_VARIANTS),
        ({"minutes": 1e-6}, 1),
    ],
)
def test_features_are_stored_of_so_many_versions_as_they_are_worth(
    data: Path, tmp_path: Path, changes: dict[str, Any], expected: int
) -> None:
    assert prepare(data, tmp_path / "run", **changes).loop.record["variants"] == expected
