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


def test_the_page_is_the_one_that_the_script_writes(script: ModuleType) -> None:
    assert (ROOT / "docs" / "parity.md").read_text(encoding="utf-8") == script.page()


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: str(path.stem))
def test_no_difference_is_larger_than_its_limit(path: Path, script: ModuleType) -> None:
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["limit"] <= 1e-4
    for row in result["rows"]:
        assert all(row[key] <= result["limit"] for key in row if key not in (*script.WORDS, "spread")), row["network"]
        assert (ROOT / result["command"].split()[0]).is_file()
