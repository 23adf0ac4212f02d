"""The page of the models says what the cards say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from samaritan.models import MODELS

SCRIPT = Path(__file__).parents[1] / "scripts" / "models_page.py"


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("models_page", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_the_one_that_the_script_writes(script: ModuleType) -> None:
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run python scripts/models_page.py"


def test_every_model_has_a_line(script: ModuleType) -> None:
    table = script.table()
    assert [n for n in MODELS.names() if (f"| `{n}` |" in table) == ("tiny" in MODELS.get(n).tags)] == []
