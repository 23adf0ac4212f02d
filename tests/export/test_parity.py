"""The comparison leaves nothing behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from samaritan.export._parity import _import


def test_the_example_is_run_without_leaving_compiled_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "example.py").write_text("ANSWER = 40 + 2\n")
    assert _import(tmp_path / "example.py").ANSWER == 42
    assert [path.name for path in tmp_path.iterdir()] == ["example.py"]
