from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from samaritan.benchmark._arm import Arm
from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._folder import RunFolder, read_lines
from samaritan.benchmark._progress import Silent
from samaritan.benchmark._session import Session
from samaritan.core import ModelError
from samaritan.prompts import make_prompt


class Broken:
    """A model that cannot encode."""

    def __init__(self, model: Any, error: Exception) -> None:
        self._model, self._error = model, error
        self.name, self.card = "broken", model.card

    def encode(self, picture: Any) -> Any:
        raise self._error

    def decode(self, *args: Any, **options: Any) -> Any:
        return self._model.decode(*args, **options)


class Notes(Silent):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def plan(self, units: int) -> None:
        self.told.append(units)

    def begin(self, title: str, slices: int) -> None:
        self.told.append((title, slices))

    def end(self) -> None:
        self.told.append(None)

    def fail(self, title: str, error: str) -> None:
        self.told.append((title, error))


@pytest.fixture
def session(tmp_path: Path) -> Any:
    """``session(cases, models)`` -> a session that has run."""

    def run(cases: Any, models: Any, **options: Any) -> Session:
        config = RunConfig(data=("memory",), models=tuple(models), prompts=("box", "point"))
        with RunFolder.open(tmp_path / "run", config) as folder:
            notes = Notes()
            arms = [Arm(name, model) for name, model in models.items()]
            done = Session(config, folder, cases, arms, [make_prompt("box"), make_prompt("point")], notes, **options)
            done.run()
        return done

    return run


def test_a_case_is_read_once_for_all_models(session: Any, threshold: Any, make_case: Any, picture: Any) -> None:
    case, reads = make_case("a", picture), Mock()
    reads.side_effect = case.read_image
    case = replace(case, read_image=reads)
    done = session([case], {"one": threshold, "two": replace(threshold, name="two")})
    assert (reads.call_count, done.n_ok, done.encode_calls) == (1, 2, 2)
    assert done.units == [("phantoms", "a", "one", "none"), ("phantoms", "a", "two", "none")]
    assert done.progress.told == [2, ("phantoms a", 1), None, ("phantoms a", 1), None]
    assert list(done.fingerprints()) == ["phantoms/a"]


def test_what_was_odd_about_an_image_stays_with_its_case(
    session: Any, threshold: Any, make_case: Any, picture: Any
) -> None:
    case = make_case("a", picture)
    odd = replace(case.read_image(), data=np.full_like(case.read_image().data, 7), meta={"warnings": ["Odd header."]})
    done = session([replace(case, read_image=lambda: odd)], {"one": threshold})
    (line,) = read_lines(done.folder.path / "cases.jsonl")
    assert line["warnings"][0] == "Odd header."
    assert any("constant" in text for text in line["warnings"])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(ModelError("It has no eyes."), "It has no eyes."), (MemoryError("9 GB"), "Unexpected MemoryError: 9 GB")],
)
def test_a_model_that_fails_costs_the_other_nothing(
    session: Any, threshold: Any, make_case: Any, picture: Any, error: Exception, sentence: str
) -> None:
    done = session([make_case("a", picture)], {"broken": Broken(threshold, error), "threshold": threshold})
    rows = done.folder.rows()
    assert [(row["model"], row["prompt"], row["status"], row["error"]) for row in rows[:2]] == [
        ("broken", "box", "failed", sentence),
        ("broken", "point", "failed", sentence),
    ]
    assert [(row["model"], row["status"]) for row in rows[2:]] == [("threshold", "ok")] * 2
    assert (done.n_ok, done.failed) == (1, {("phantoms", "a", "broken", "none")})
    assert ("phantoms a", sentence) in done.progress.told


def test_finished_units_are_not_in_the_plan(session: Any, threshold: Any, make_case: Any, picture: Any) -> None:
    cases = [make_case(name, picture) for name in "ab"]
    models = {"threshold": threshold, "broken": Broken(threshold, ModelError("No."))}
    session(cases, models)
    again = session(cases, {**models, "broken": replace(threshold, name="broken")})
    assert again.progress.told == [2, ("phantoms a", 1), None, ("phantoms b", 1), None]
    assert (again.n_ok, again.failed, len(again.folder.rows())) == (2, set(), 8)


def test_debug_lets_errors_of_ours_be_recorded_and_others_through(
    session: Any, threshold: Any, make_case: Any, picture: Any
) -> None:
    case = make_case("a", picture)
    assert session([case], {"m": Broken(threshold, ModelError("No."))}, debug=True).failed
    with pytest.raises(ZeroDivisionError):
        session([case], {"m": Broken(threshold, ZeroDivisionError())}, debug=True)


def test_large_cases_wait_until_nothing_of_the_one_before_is_held(
    session: Any, threshold: Any, make_case: Any, picture: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = tmp_path / "series"  # as DICOM lies: the files are in a folder
    series.mkdir()
    (series / "1.dcm").write_bytes(b"x" * 100)
    monkeypatch.setattr("samaritan.benchmark._session.AHEAD_BYTES", 99)
    events: list[str] = []

    def case_of(name: str) -> Any:
        case = make_case(name, picture)

        def read() -> Any:
            events.append(f"read {name}")
            return case.read_image()

        return replace(case, sources=(series,), read_image=read)

    class Listening(Notes):
        def end(self) -> None:
            events.append("answered")

    monkeypatch.setattr("tests.benchmark.test_session.Notes", Listening)
    done = session([case_of(name) for name in "abc"], {"one": threshold})
    assert events == ["read a", "answered", "read b", "answered", "read c", "answered"]
    assert done.n_ok == 3


def test_what_cannot_be_read_is_tried_once(session: Any, threshold: Any, make_case: Any, picture: Any) -> None:
    reads = Mock(side_effect=ModelError("torn"))
    case = replace(make_case("a", picture), read_image=reads)
    done = session([case], {"one": threshold, "two": replace(threshold, name="two")})
    assert reads.call_count == 1
    assert [(row["status"], row["error"]) for row in done.folder.rows()] == [("failed", "torn")] * 4
