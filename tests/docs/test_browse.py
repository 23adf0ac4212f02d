"""What the catalogue's page shows is current, whole, and leads to pages that exist."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from samaritan.catalog import load_catalog, vocabulary
from samaritan.catalog.bibtex import entry_of
from scripts.catalogue.browse import FOLDER, data, files, page_of
from tests.docs._blocks import ROOT

FILES = files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_file_is_the_one_that_is_made(path: Path) -> None:
    assert path.is_file(), "run python -m scripts.catalogue.browse"
    assert path.read_text(encoding="utf-8") == FILES[path], "run python -m scripts.catalogue.browse"


def records() -> list[dict[str, Any]]:
    text = FILES[FOLDER / "browse-data.js"]
    found: list[dict[str, Any]] = json.loads(text.split(" = ", 1)[1].removesuffix(";\n"))["papers"]
    return found


def test_every_paper_is_there_with_its_bibtex() -> None:
    papers = load_catalog().papers
    assert [record["key"] for record in records()] == [paper.key for paper in papers]
    assert [record["bibtex"] for record in records()] == [entry_of(paper) for paper in papers]
    assert all(record["url"] for record, paper in zip(records(), papers, strict=True) if paper.url or paper.doi)


def test_the_data_stay_small() -> None:
    assert len(FILES[FOLDER / "browse-data.js"].encode()) < 600_000


def test_hostile_text_stays_a_string_of_the_data() -> None:
    title = '</script>";alert(1)//\u2028'
    paper = load_catalog().papers[0].model_copy(update={"title": title})
    text = data((paper,)).split(" = ", 1)[1].removesuffix(";\n")
    assert json.loads(text)["papers"][0]["title"] == title


def test_what_is_implemented_has_a_page() -> None:
    for paper in load_catalog().papers:
        for one in paper.implemented:
            page = (FOLDER / page_of(one)).resolve().with_suffix(".md")
            assert page.is_file(), one
            assert one.name in page.read_text(encoding="utf-8").lower(), one


def test_scripts_set_no_html_and_ask_nobody() -> None:
    for name in ("browse.js", "browse-search.js", "browse.css"):
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|fetch\(|@import|url\(", text
        ), name
        assert "https://" not in text, name


def test_pictures_show_every_family_and_landmark() -> None:
    for name in ("taxonomy.svg", "timeline.svg"):
        picture = FILES[FOLDER / name]
        ElementTree.fromstring(picture)
        assert [family for family in vocabulary()["family"] if f">{family}</text>" not in picture] == []
    shown = re.findall(r">([^<]*\(20\d\d-\d\d\))<", FILES[FOLDER / "timeline.svg"])
    assert shown == ["SAM, MedSAM (2023-04)", "SAM 2 (2024-08)", "SAM 3 (2025-11)"]


def test_a_picture_of_the_words_counts_papers() -> None:
    count = sum("peft" in paper.tags.family for paper in load_catalog().papers)
    assert re.search(
        rf">peft</text>(?:\n<text[^\n]*)*\n<rect[^\n]*\n<text[^>]*>{count}</text>", FILES[FOLDER / "taxonomy.svg"]
    )


@pytest.mark.slow
def test_the_taxonomy_page_is_the_one_that_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = ROOT / "scripts"
    monkeypatch.syspath_prepend(str(scripts))
    spec = importlib.util.spec_from_file_location("taxonomy_page", scripts / "taxonomy_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    for path, content in module.files().items():
        assert path.read_text(encoding="utf-8") == content, "run python scripts/taxonomy_page.py"
    assert {name for _, names in module.KINDS.values() for name in names} == set(module.METHODS.names())
    assert module.counts("decoder") == (4_058_340, 0, 93_735_472)
