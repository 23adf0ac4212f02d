from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from samaritan.benchmark._case import Outcome, failed_rows
from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._folder import RunFolder, Unit, append, read_lines
from samaritan.core import InputError, ResourceError
from samaritan.prompts import make_prompt

CONFIG = RunConfig(data=("memory",), models=("m",), prompts=("box",))


@pytest.fixture
def outcome(make_case: Any, picture: Any) -> Callable[..., Outcome]:
    """``outcome(case_id, status)``: two rows, one preview and a picture."""

    def make(case_id: str, status: str = "ok") -> Outcome:
        rows = failed_rows(make_case(case_id, picture), "m", [make_prompt("box"), make_prompt("point")], "")
        for row in rows:
            row["status"] = status  # type: ignore[typeddict-item]
        key = ["phantoms", case_id, "*", "target", None, "reference", "m", "none", "box", 0]
        return Outcome(rows, [{"key": key}], {f"gallery/{case_id}.png": case_id.encode()}, encode_calls=1)

    return make


def unit(case_id: str) -> Unit:
    return "phantoms", case_id, "m", "none"


def known(path: Path, fingerprint: Callable[[Unit], str | None]) -> list[str]:
    with RunFolder.open(path, CONFIG) as folder:
        folder.recover(fingerprint)
        kept = [(line["case_id"]) for line in read_lines(path / "cases.jsonl")]
        assert [unit[1] for unit in folder.finished] == kept
        assert {row["case_id"] for row in folder.rows()} == set(kept)
        assert [line["key"][1] for line in read_lines(path / "previews.jsonl")] == kept
        return kept


@pytest.fixture
def run(tmp_path: Path, outcome: Callable[..., Outcome]) -> Path:
    """A run folder with the finished cases a, b and c."""
    with RunFolder.open(tmp_path / "run", CONFIG) as folder:
        for case_id in "abc":
            folder.record(unit(case_id), outcome(case_id), case_id.upper())
    return tmp_path / "run"


def test_what_is_finished_stays(run: Path) -> None:
    assert known(run, lambda unit: unit[1].upper()) == ["a", "b", "c"]
    assert (run / "gallery" / "b.png").read_bytes() == b"b"


def test_what_was_measured_on_other_files_goes(run: Path) -> None:
    assert known(run, lambda unit: {"a": "A", "b": "changed", "c": None}[unit[1]]) == ["a"]


def test_what_failed_goes(run: Path, outcome: Callable[..., Outcome]) -> None:
    with RunFolder.open(run, CONFIG) as folder:
        folder.record(unit("d"), outcome("d", "failed"), "D")
    assert known(run, lambda unit: unit[1].upper()) == ["a", "b", "c"]


def test_what_a_kill_left_half_written_goes(run: Path, outcome: Callable[..., Outcome]) -> None:
    """Rows without the line that says they are all, a torn line, and temporary files."""
    append(run / "results.jsonl", outcome("d").rows)
    append(run / "previews.jsonl", outcome("d").previews)
    with (run / "results.jsonl").open("a") as stream:
        stream.write('{"dataset": "phan')
    for place in (run, run / "gallery"):
        (place / ".tmp-1").write_bytes(b"x")
    assert known(run, lambda unit: unit[1].upper()) == ["a", "b", "c"]
    assert not list(run.rglob(".tmp-*"))


def test_a_case_that_lost_a_row_goes(run: Path) -> None:
    lines = (run / "results.jsonl").read_text().splitlines(keepends=True)
    (run / "results.jsonl").write_text("".join(lines[:3] + lines[4:]))
    assert known(run, lambda unit: unit[1].upper()) == ["a", "c"]


def test_lines_are_brought_into_the_order_of_the_plan(run: Path) -> None:
    with RunFolder.open(run, CONFIG) as folder:
        folder.sort([unit(case_id) for case_id in "cab"])
    assert known(run, lambda unit: unit[1].upper()) == ["c", "a", "b"]
    assert [row["prompt"] for row in read_lines(run / "results.jsonl")] == ["box", "point"] * 3


def test_other_settings_are_refused_and_overwrite_leaves_strangers_alone(run: Path) -> None:
    other = CONFIG.model_copy(update={"seed": 3})
    with pytest.raises(InputError, match=r"other settings \(seed\)"), RunFolder.open(run, other):
        pass
    (run / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes\.txt"), RunFolder.open(run, other, overwrite=True):
        pass
    assert (run / "notes.txt").read_text() == "mine"


def test_lines_hold_no_word_that_json_does_not_know(tmp_path: Path) -> None:
    file = tmp_path / "previews.jsonl"
    with pytest.raises(ValueError, match="JSON compliant"):
        append(file, [{"key": [float("nan")]}])
    assert not file.exists()
    append(file, [{"key": ["line\nbreak"]}])
    assert [json.loads(line) for line in file.read_text().splitlines()] == read_lines(file)
    assert len(read_lines(file)) == 1


def test_a_place_that_cannot_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ResourceError, match="Could not make the run folder"),
        RunFolder.open(tmp_path / "file/run", CONFIG),
    ):
        pass
