from __future__ import annotations

import sys
from pathlib import Path

import pytest

from samaritan.core import ResourceError
from samaritan.train._log import COLUMNS, TrainingLog, read_log


def test_rows_are_in_the_file_at_once_and_read_back(tmp_path: Path) -> None:
    log = TrainingLog(tmp_path)
    log.add({"step": 0, "val_dice": 0.5})
    log.add({"step": 1, "loss": 1 / 3, "rate": 1e-3})
    lines = log.path.read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[2] == "1,,,0.001,0.333333333,,,,,,,,"
    assert read_log(log.path) == [{"step": 0, "val_dice": 0.5}, {"step": 1, "rate": 0.001, "loss": 0.333333333}]
    log.close()


def test_a_cut_log_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    whole, broken = TrainingLog(tmp_path / "whole"), TrainingLog(tmp_path / "broken")
    rows = [{"step": n, "loss": 1 / (n + 3), "rate": n * 1e-4} for n in range(8)]
    for log in (whole, broken):
        log.path.parent.mkdir()
        for row in rows[:6]:
            log.add(row)
    with broken.path.open("a") as stream:
        stream.write("6,0.1,0.0")  # killed while it wrote
    broken.close()
    again = TrainingLog(tmp_path / "broken")
    again.cut(3)
    assert [row["step"] for row in read_log(again.path)] == [0, 1, 2, 3]
    for row in rows[4:]:
        again.add(row)
    for row in rows[6:]:
        whole.add(row)
    assert again.path.read_bytes() == whole.path.read_bytes()


def test_cutting_nothing_is_fine(tmp_path: Path) -> None:
    TrainingLog(tmp_path).cut(5)
    assert list(tmp_path.iterdir()) == []


def test_events_of_dropped_steps_do_not_show(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    for steps in (range(1, 6), range(3, 5)):
        log = TrainingLog(tmp_path)
        log.cut(2)
        for step in steps:
            log.add({"step": step, "loss": step / 8, "minutes": ""})
        log.close()
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert events.Tags()["scalars"] == ["loss"]
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(1, 0.125), (2, 0.25), (3, 0.375), (4, 0.5)]


def test_without_tensorboard_there_is_only_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samaritan.train._log.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    log = TrainingLog(tmp_path)
    log.add({"step": 1, "loss": 0.5})
    log.close()
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


def test_an_unknown_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lost"):
        TrainingLog(tmp_path).add({"step": 1, "lost": 0.5})


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"Could not write .*log\.csv"):
        TrainingLog(tmp_path / "absent").add({"step": 1})
    with pytest.raises(ResourceError, match=r"Could not read .*log\.csv"):
        read_log(tmp_path / "log.csv")
