"""The index of the bake-offs says what the published tables say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "bakeoff_index.py"


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bakeoff_index", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_the_one_that_the_script_writes(script: ModuleType) -> None:
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run python scripts/bakeoff_index.py"


def test_every_published_table_is_on_it_and_has_its_page(script: ModuleType) -> None:
    published = {path.stem for path in script.FOLDER.glob("*.csv")}
    assert published <= script.PAGES.keys()
    for name in published:
        assert f"]({name}.md)" in script.page()
        assert (script.FOLDER / f"{name}.md").is_file()
