from __future__ import annotations

from pathlib import Path

import pytest

from samaritan.benchmark._row import Row
from samaritan.benchmark.report._arms import Arms
from samaritan.benchmark.report._run import Run
from samaritan.benchmark.report._speed import measure_speed


def test_encoding_is_per_encoded_slice_and_decoding_per_row(fake_run: tuple[Path, list[Row]]) -> None:
    run = Run.read(fake_run[0])
    arms = Arms.of(run.rows)
    speed = measure_speed(run.rows, arms, run.encode_calls)
    box = next(pace for pace in speed.paces if pace.arm.prompt == "box")

    assert speed.encodings[0].cases == 24
    assert speed.encodings[0].slice == pytest.approx(0.9 / 4)
    assert speed.encodings[0].total == pytest.approx(24 * 0.9)
    assert box.row == pytest.approx(0.05)
    assert box.rows == sum(r["prompt"] == "box" and r["level"] == "target" and r["status"] == "ok" for r in run.rows)
