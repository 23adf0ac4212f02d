"""The page of framings says what the measurements say."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "framing" / "page.py"


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("framing_page", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_the_one_that_the_script_writes(script: ModuleType) -> None:
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run python benchmarks/framing/page.py"


def test_auto_gains_what_was_asked_of_it(script: ModuleType) -> None:
    rules = {rule["rule"]: rule for rule in json.loads(script.RESULTS.read_text(encoding="utf-8"))["rules"]}
    assert rules["auto"]["mean"] - rules["whole"]["mean"] >= 0.045
    assert rules["auto"]["report"] - rules["whole"]["report"] >= 0.045
