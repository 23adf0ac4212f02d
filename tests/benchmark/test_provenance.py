from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import pytest

from samaritan.benchmark._arm import Arm
from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._provenance import Provenance
from samaritan.datasets import Dataset

CONFIG = RunConfig(data=("memory",), models=("threshold",), prompts=("box",), seed=9)


@pytest.fixture
def start(tmp_path: Path, threshold: Any) -> Any:
    """A new session of one run folder."""
    data = Dataset("phantoms", (), "folders", "MR", licence="CC0")
    return lambda: Provenance(tmp_path, CONFIG, [data], [Arm("threshold", threshold)])


def content(run: Path) -> Any:
    return json.loads((run / "provenance.json").read_text())


def test_it_says_with_what_on_what_and_when(start: Any, tmp_path: Path) -> None:
    provenance = start()
    provenance.write()
    assert content(tmp_path)["sessions"][0]["end"] is None  # what a killed run leaves
    provenance.write({"phantoms/a": "f" * 64, "phantoms/b": None}, ended=True)
    found = content(tmp_path)
    assert (found["seed"], found["cases"]) == (9, {"phantoms/a": "f" * 64, "phantoms/b": None})
    assert found["datasets"] == [
        {"name": "phantoms", "layout": "folders", "modality": "MR", "licence": "CC0", "sources": [], "cases": 0}
    ]
    assert found["models"]["threshold"]["title"] == "bright pixels under the prompt"
    assert {"samaritan", "torch", "numpy", "scipy"} <= set(found["versions"])
    assert found["sessions"][0]["start"] <= found["sessions"][0]["end"]


def test_every_start_adds_a_session(start: Any, tmp_path: Path) -> None:
    for _ in range(3):
        start().write(ended=True)
    assert len(content(tmp_path)["sessions"]) == 3


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"sessions": 3}', "{}", b"\xff"])
def test_a_damaged_file_is_begun_anew(start: Any, tmp_path: Path, damaged: str | bytes) -> None:
    (tmp_path / "provenance.json").write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    start().write()
    assert len(content(tmp_path)["sessions"]) == 1


def test_no_home_folder_and_no_host(start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.setattr(
        "sys.argv", ["/home/anna/.venv/bin/samaritan", "benchmark", "/home/anna/scans", "-o=/home/anna/x"]
    )
    start().write()
    assert content(tmp_path)["sessions"][0]["command"] == "samaritan benchmark ~/scans -o=~/x"
    text = (tmp_path / "provenance.json").read_text()
    assert "anna" not in text
    if len(platform.node()) > 3:
        assert platform.node() not in text
