"""The pages of the methods say what the cards, the settings and the published tables say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    spec = importlib.util.spec_from_file_location("method_pages", SCRIPTS / "method_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "method_pages", module)
    spec.loader.exec_module(module)
    return module


def test_pages_are_those_that_the_script_writes(script: ModuleType) -> None:
    stale = [
        path.name
        for path, content in script.pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != content
    ]
    assert stale == [], "run python scripts/method_pages.py"


def test_no_page_is_left_of_a_method_that_is_gone(script: ModuleType) -> None:
    assert {path.name for path in script.FOLDER.iterdir()} == {path.name for path in script.pages()}


def test_every_figure_marks_what_is_attached_or_trained(script: ModuleType) -> None:
    for path, content in script.pages().items():
        if path.suffix == ".svg":
            assert script.draw.__globals__["OWN"] in content or script.draw.__globals__["TRAINED"] in content, path.name
