from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from samaritan.benchmark._row import VOLATILE

DRIVER = Path(__file__).with_name("kill_driver.py")


def content_of(run: Path) -> list[Any]:
    rows = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    pictures = sorted((path.name, path.read_bytes()) for path in (run / "gallery").glob("*.png"))
    texts = [(run / name).read_text() for name in ("previews.jsonl", "cases.jsonl", "config.yaml")]
    return [[{k: v for k, v in row.items() if k not in VOLATILE} for row in rows], pictures, texts]


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(DRIVER), str(tmp_path), "4"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["kills"] == 4
    assert {report["first"], *report["codes"]} == {0}
    whole = content_of(tmp_path / "whole")
    assert len(whole[0]) == 4 * 2 * 3
    for number in range(len(report["codes"])):
        assert content_of(tmp_path / f"killed{number}") == whole
        assert not list((tmp_path / f"killed{number}").rglob(".*"))  # neither locks nor half-written files
