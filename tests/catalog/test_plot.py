from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

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
