"""The pages of docs/concepts show what their blocks print, and every figure is one that a script draws."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from samaritan.models import MODELS

ROOT = Path(__file__).parents[2]
FOLDER, FIGURES = ROOT / "docs" / "concepts", ROOT / "scripts" / "docs_figures"

#: Those of this file; taxonomy.md has a test of its own.
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.stem != "taxonomy")

#: Pages whose blocks ask a model, which takes seconds.
MARKS = dict.fromkeys(("sam-in-one-page", "zero-shot"), pytest.mark.snippets)


@pytest.fixture
def script() -> ModuleType:
    return loaded(ROOT / "scripts" / "doc_outputs.py")


def loaded(path: Path) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[path.stem]
    return module


@pytest.mark.parametrize("page", [pytest.param(page, marks=MARKS.get(page.stem, ()), id=page.stem) for page in PAGES])
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


def test_the_data_flow_is_the_one_that_its_script_draws() -> None:
    drawn = loaded(FIGURES / "sam_in_one_page.py").drawing()
    assert (FOLDER / "sam-data-flow.svg").read_text(encoding="utf-8") == drawn
    assert "3, 1024, 1024" in drawn
    assert "3, 256, 256" in drawn


def test_every_page_says_what_draws_its_figures() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        scripts = set(re.findall(r"python scripts/docs_figures/(\w+\.py)", text))
        assert scripts or "](" not in re.findall(r"!.*", text), page.name
        assert [name for name in scripts if not (FIGURES / name).is_file()] == []


def test_the_table_of_prompts_says_what_the_cards_say() -> None:
    text = (FOLDER / "prompts.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z, ]+) \| (.*) \|$", text.split("| prompts on the card")[1].split("\n\n")[0], re.M)
    said = {name.strip(): set(prompts.split(", ")) for prompts, names in rows for name in names.split(",")}
    titles = {
        "medsam2": "MedSAM2", "medsam": "MedSAM", "litemedsam": "LiteMedSAM", "mobilesam": "MobileSAM", "sam-hq": "SAM-HQ",
        "sam-med2d": "SAM-Med2D", "sam2": "SAM 2", "sam3": "SAM 3", "sam-vit": "SAM",
    }  # fmt: skip
    for name in MODELS.names():
        title = next((title for start, title in titles.items() if name.startswith(start)), "")
        if title:
            assert said[title] == set(MODELS.get(name).card.prompts), name
    assert set(said) == set(titles.values())


def test_models_that_share_a_row_of_the_figure_have_cards_that_say_the_same() -> None:
    def trained(name: str) -> tuple[object, ...]:
        card = MODELS.get(name).card
        return card.training_data, card.inherited_data, card.training_data_complete

    for start in ("sam-vit", "sam-hq", "sam2"):
        assert len({trained(name) for name in MODELS.names() if name.startswith(start)}) == 1, start


def test_what_prints_needs_a_block_for_it(script: ModuleType) -> None:
    page = "```python\nprint('a')\n```\n\nwords\n"
    with pytest.raises(ValueError, match="no text block follows"):
        script.filled(page)
    shown = "```python\nx = 3\n```\n\n```python\nprint(x)\n```\n\n```text\n```\n"
    assert script.filled(shown).endswith("```text\n3\n```\n")
