"""A bake-off from start to end: one split, arms that are kept, failures that are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from samaritan.bakeoff import ArmConfig, BakeoffConfig, BakeoffResult, adapt_and_score, read_bakeoff, run_bakeoff
from samaritan.bakeoff import run as room
from samaritan.bakeoff._child import Ending, Listener
from samaritan.bakeoff._progress import Silent
from samaritan.bakeoff._wire import Scoring
from samaritan.core import InputError, SamaritanError, UnknownNameError, UsageError
from tests.predict.runtimes.conftest import Pretender

Bake = Callable[..., BakeoffResult]


class Deaf(Silent):
    """Hears nothing of an arm."""

    def note(self, sentence: str) -> None:
        """Nothing."""

    def step(self, number: int, done: float, loss: float, dice: float | None, minutes_left: float | None) -> None:
        """Nothing."""

    def scoring(self) -> Any:
        """Nobody."""
        return Scoring(_Nobody())  # type: ignore[arg-type]


class _Nobody:
    def tell_scored(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Folders of the arms that were started, which run in this process; names in ``broken`` die or are stopped."""
    names: list[str] = []

    def run_here(config: ArmConfig, folder: Path, listen: Listener, runtime: str) -> Ending:
        names.append(folder.name)
        listen({"phase": "training", "step": 1, "done": 0.5, "loss": 0.1})
        try:
            return Ending(adapt_and_score(config, folder, Deaf(), runtime=runtime).exit_code, "")
        except SamaritanError as error:
            return Ending(error.exit_code, str(error))

    monkeypatch.setattr(room, "run_arm", run_here)
    return names


@pytest.fixture
def bake(discs: Path, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> Bake:
    """Without the report of each arm's scores; :mod:`tests.cli.test_adapt` has one."""
    monkeypatch.setattr("samaritan.benchmark.report.write_report", lambda run: run / "report.html")

    def call(out: str = "out", *, overwrite: bool = False, runtime: str = "auto", **content: Any) -> BakeoffResult:
        train = {
            "data": [str(discs)], "model": "tiny-litemedsam", "steps": 2, "batch": 1, "max_validation": 1,
            "variants": 1, "fractions": (0.4, 0.1, 0.5), **content.pop("train", {}),
        }  # fmt: skip
        config = BakeoffConfig.parse({"methods": ["decoder"], "train": train, **content}, "The test")
        return run_bakeoff(config, tmp_path / out, overwrite=overwrite, runtime=runtime)

    return call


@pytest.mark.slow
def test_arms_share_the_split_and_finished_ones_are_kept(bake: Bake, started: list[str], tmp_path: Path) -> None:
    result = bake(few=[2, 4])
    assert (result.exit_code, result.finished, result.skipped) == (0, 3, (4,))
    assert started == ["base", "decoder-seed0", "decoder-few2-seed0"]
    out = tmp_path / "out"
    parts = [json.loads((out / arm / "split.json").read_text())["parts"] for arm in started[1:]]
    whole = json.loads((out / "split.json").read_text())["parts"]
    assert [part["test"] for part in parts] == [whole["test"]] * 2
    assert [len(part["train"]["discs"]) for part in parts] == [4, 2]
    table = read_bakeoff(out).tables[0]
    assert table.lines[0].dice.n_patients == 5
    assert table.lines[0].to_base is not None
    before = (out / "decoder-seed0" / "adapter.safetensors").read_bytes()
    del started[:]
    assert bake(few=[2, 4], methods=["decoder", "norms"]).exit_code == 0
    assert started == ["norms-seed0", "norms-few2-seed0"]
    assert (out / "decoder-seed0" / "adapter.safetensors").read_bytes() == before
    assert [line.label for line in read_bakeoff(out).tables[0].lines] == ["decoder", "norms"]


@pytest.mark.slow
def test_the_named_runtime_scores_every_arm(
    bake: Bake, started: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SAMARITAN_CACHE", str(tmp_path / "cache"))
    pretender = Pretender.alone(monkeypatch)
    assert bake(methods=["late-layers"], runtime="pretender").exit_code == 0
    for arm in started:
        (about,) = json.loads((tmp_path / "out" / arm / "test" / "provenance.json").read_text())["sessions"][0]["runtimes"].values()  # fmt: skip  # noqa: E501
        assert about["name"] == "pretender"
    assert pretender.built == ["f32", "f32"]  # the adapted encoder is another one
    with pytest.raises(UnknownNameError, match="pretender"):
        bake("other", runtime="pretend")


@pytest.mark.slow
def test_one_arm_that_dies_ends_nothing_else_and_is_tried_again(
    bake: Bake, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: Callable[..., Ending] = room.__dict__["run_arm"]

    def deadly(config: ArmConfig, folder: Path, listen: Listener, runtime: str) -> Ending:
        if folder.name.startswith("decoder"):
            return Ending(-9, "It was killed.")
        return whole(config, folder, listen, runtime)

    monkeypatch.setattr(room, "run_arm", deadly)
    result = bake(methods=["decoder", "norms"])
    assert (result.exit_code, result.failed) == (1, {"decoder-seed0": "It was killed."})
    assert started == ["base", "norms-seed0"]
    assert read_bakeoff(result.folder).failed == result.failed
    monkeypatch.setattr(room, "run_arm", whole)
    assert bake(methods=["decoder", "norms"]).exit_code == 0
    assert started == ["base", "norms-seed0", "decoder-seed0"]
    assert read_bakeoff(result.folder).failed == {}


def test_an_interrupted_bake_off_goes_on(bake: Bake, started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    whole: Callable[..., Ending] = room.__dict__["run_arm"]

    def stopped(config: ArmConfig, folder: Path, listen: Listener, runtime: str) -> Ending:
        return Ending(130, "") if config.adapt else whole(config, folder, listen, runtime)

    monkeypatch.setattr(room, "run_arm", stopped)
    result = bake()
    assert (result.exit_code, result.finished, result.failed) == (130, 1, {})
    assert result.report.exists()
    monkeypatch.setattr(room, "run_arm", whole)
    assert bake().exit_code == 0
    assert started == ["base", "decoder-seed0"]


def test_without_the_base_nothing_can_be_compared(bake: Bake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "run_arm", lambda *_: Ending(4, "The weights are missing."))
    with pytest.raises(InputError, match=r"base could not be measured: The weights are missing\."):
        bake()


@pytest.mark.slow
def test_other_settings_are_refused_and_overwritten_on_request(bake: Bake, started: list[str]) -> None:
    bake()
    with pytest.raises(InputError, match=r"other settings \(train\.batch\)"):
        bake(train={"batch": 2})
    assert bake(train={"batch": 2}, overwrite=True).exit_code == 0
    assert started == ["base", "decoder-seed0"] * 2


def test_overwriting_removes_nothing_that_is_not_ours(bake: Bake, started: list[str], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(InputError, match=r"thesis\.txt"):
            bake(overwrite=overwrite)
    assert started == []
    assert (tmp_path / "out" / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        ({"methods": ["lorra"]}, UnknownNameError, "lora"),
        ({"methods": ["lora:rang=1"]}, InputError, "rang"),
        ({"score": {"prompts": ["boks"]}}, UnknownNameError, "box"),
        ({"train": {"prompts": ["boks"]}}, UnknownNameError, "box"),
        ({"train": {"model": "litemedsan"}}, UnknownNameError, "litemedsam"),
        ({"train": {"fractions": (0.5, 0.1, 0.1)}}, UsageError, "add up"),
        ({"out": "discs/out"}, InputError, "inside the data"),
    ],
)
def test_mistakes_are_found_before_any_arm(
    bake: Bake, started: list[str], content: Mapping[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        bake(**content)
    assert started == []
