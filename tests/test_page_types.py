"""The page's types are those of the messages."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "page_types.py"


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("page_types", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_is_the_one_that_the_script_writes(script: ModuleType) -> None:
    assert script.TARGET.read_text(encoding="utf-8") == script.page_types(), "run python scripts/page_types.py"


def test_what_is_sent_may_leave_defaults_out_and_what_arrives_is_whole(script: ModuleType) -> None:
    text = script.page_types()
    assert '  over?: "empty" | "all";\n' in text
    assert "  warnings: string[];\n" in text
    assert "  positive: boolean;\n" in text, "prompts are also answered"
