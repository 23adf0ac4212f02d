"""The page about parity says what the results say, and all of them hold."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
RESULTS = sorted((ROOT / "docs" / "parity").glob("*.json"))


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("parity_page", ROOT / "scripts" / "parity" / "page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_both_kinds_of_result_become_tables(script: ModuleType) -> None:
    row = {"model": "M", "config": "small", "what": "logits", "max_abs_difference": 2e-5, "tolerance": 1e-4,
           "reference": "theirs 1.0", "command": "scripts/m.sh"}  # fmt: skip
    assert "| M | small | logits | 2.0e-05 | 1e-04 |" in script._listed([row])
    assert "All are within" in script._listed([row])
    assert "1 of 1 are beyond" in script._listed([{**row, "max_abs_difference": 1.0}])
    wide = {"title": "T", "command": "c", "limit": 1e-4, "torch": "2", "rows": [
        {"network": "n", "parameters": 1000, "against": "a", "logits": 3e-4, "spread": 1.5}]}  # fmt: skip
    assert "| n | 1,000 | a | 3.0e-04 | 1.50 |" in script._section(wide)
    assert "does not hold" in script._section(wide)


def test_the_page_is_the_one_that_the_script_writes(script: ModuleType) -> None:
    assert (ROOT / "docs" / "parity.md").read_text(encoding="utf-8") == script.page()


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: str(path.stem))
def test_no_difference_is_larger_than_its_limit(path: Path, script: ModuleType) -> None:
    result = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(result, list):
        assert [row for row in result if row["max_abs_difference"] > row["tolerance"]] == []
        assert all((ROOT / row["command"].split()[0]).is_file() for row in result)
        return
    assert result["limit"] <= 1e-4
    for row in result["rows"]:
        assert all(row[key] <= result["limit"] for key in row if key not in (*script.WORDS, "spread")), row["network"]
        assert (ROOT / result["command"].split()[0]).is_file()
