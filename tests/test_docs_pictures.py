"""Pictures of tutorials and how-to pages are there, small, and as their scripts draw them."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
PAGES = [*sorted((ROOT / "docs" / "tutorials").glob("*.md")), *sorted((ROOT / "docs" / "how-to").glob("*.md"))]
SPEED = runpy.run_path(str(ROOT / "scripts" / "docs_pictures" / "cpu_speed.py"))


def test_the_bars_are_those_of_the_performance_page() -> None:
    rows = SPEED["bars"](SPEED["figures"](SPEED["PAGE"].read_text(encoding="utf-8")))
    assert SPEED["OUT"].read_text(encoding="utf-8") == SPEED["draw"](rows)


def test_a_bar_is_as_long_as_its_ratio() -> None:
    drawn = SPEED["draw"]([("a & b", "against c", 4.0), ("d", "against e", 1.0)])
    long, short = (float(wide) for wide in re.findall(r'<rect x="16" y="\d+" width="([\d.]+)"', drawn))
    assert long == pytest.approx(4 * short, abs=0.2)
    assert "a &amp; b" in drawn


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pictures_have_words_and_are_small(page: Path) -> None:
    for words, name in re.findall(r"!\[(.*?)\]\((.*?)\)", page.read_text(encoding="utf-8")):
        path = page.parent / name
        assert len(words) > 10
        assert path.stat().st_size < 350_000
        if path.suffix == ".png":
            with Image.open(path) as image:
                assert image.width <= 1400
