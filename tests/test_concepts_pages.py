"""The pages of docs/concepts show what their blocks print, and every figure is one that a script draws."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
FOLDER, FIGURES = ROOT / "docs" / "concepts", ROOT / "scripts" / "docs_figures"

#: Those of this file; taxonomy.md has a test of its own.
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.stem != "taxonomy")


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("doc_outputs", ROOT / "scripts" / "doc_outputs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_outputs_on_the_page_are_those_of_its_blocks(page: Path, script: ModuleType) -> None:
    text = page.read_text(encoding="utf-8")
    assert script.filled(text) == text, f"run python scripts/doc_outputs.py docs/concepts/{page.name}"


def test_figures_and_scripts_belong_together() -> None:
    shown = {
        name for page in PAGES for name in re.findall(r"!\[[^\]]+\]\(([\w-]+\.(?:png|svg))\)", page.read_text("utf-8"))
    }
    drawn = {
        name
        for path in FIGURES.glob("[!_]*.py")
        for name in re.findall(r'"([\w-]+\.(?:png|svg))"', path.read_text("utf-8"))
    }
    assert shown <= drawn
    assert [name for name in shown if not (FOLDER / name).is_file()] == []


def test_every_page_says_what_draws_its_figures() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        scripts = set(re.findall(r"python scripts/docs_figures/(\w+\.py)", text))
        assert scripts or "](" not in re.findall(r"!.*", text), page.name
        assert [name for name in scripts if not (FIGURES / name).is_file()] == []


def test_what_prints_needs_a_block_for_it(script: ModuleType) -> None:
    page = "```python\nprint('a')\n```\n\nwords\n"
    with pytest.raises(ValueError, match="no text block follows"):
        script.filled(page)
    shown = "```python\nx = 3\n```\n\n```python\nprint(x)\n```\n\n```text\n```\n"
    assert script.filled(shown).endswith("```text\n3\n```\n")
