"""Tables of the site on a screen of 1280 pixels: nothing scrolls sideways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

#: How many pixels each table is wider than its place, and the page than the window; only what is.
TOO_WIDE = """() => [...document.querySelectorAll('.md-typeset__scrollwrap'), document.documentElement]
    .map(one => one.scrollWidth - one.clientWidth).filter(more => more > 0)"""


def test_no_table_is_wider_than_its_page(browser: Any, site: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    too_wide = {}
    pages = [path for path in sorted(site.rglob("*.html")) if "<table" in path.read_text(encoding="utf-8")]
    assert len(pages) > 50
    for path in pages:
        page.goto(path.as_uri())
        if found := page.evaluate(TOO_WIDE):
            too_wide[path.relative_to(site).as_posix()] = found
    context.close()
    assert too_wide == {}
