from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from samaritan.catalog import load_catalog
from samaritan.catalog.counts import NONE, count
from samaritan.catalog.plot import draw_counts
from samaritan.catalog.record import Paper
from samaritan.core.errors import UsageError


def test_a_picture_names_every_word_with_its_count(papers: list[Paper], tmp_path: Path) -> None:
    draw_counts(papers, tmp_path / "papers.svg")
    text = (tmp_path / "papers.svg").read_text(encoding="utf-8")
    for told in ("peft  3", "ultrasound  2", "mr  2", "endoscopy  1", "8 papers, 2023-04 to 2025-04", "2024"):
        assert told in text
    draw_counts(papers, tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text(encoding="utf-8") == text


def test_a_png_is_one(papers: list[Paper], tmp_path: Path) -> None:
    draw_counts(papers, tmp_path / "papers.png")
    with Image.open(tmp_path / "papers.png") as picture:
        assert picture.format == "PNG"
        assert picture.size[0] == 1650


def test_other_endings_and_nothing_to_draw_are_told(papers: list[Paper], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"A plot is written as \.png, \.svg, \.pdf; received 'papers\.docx'"):
        draw_counts(papers, tmp_path / "papers.docx")
    with pytest.raises(UsageError, match="no paper to draw"):
        draw_counts([], tmp_path / "papers.png")
    assert list(tmp_path.iterdir()) == []


def test_the_picture_of_the_docs_is_of_the_catalogue_as_it_is() -> None:
    papers = [paper for paper in load_catalog().papers if not paper.seminal]
    text = (Path(__file__).parents[2] / "docs" / "catalogue" / "stats.svg").read_text(encoding="utf-8")
    assert f"{len(papers)} papers, " in text
    for facet in ("family", "modality"):
        for word, counts in count(papers, facet).rows.items():
            assert word == NONE or f"{word}  {sum(counts)}" in text, "run python scripts/catalogue/answers.py"
