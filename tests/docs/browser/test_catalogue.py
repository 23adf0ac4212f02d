"""The catalogue's page in a real browser: search, filters, shared addresses, keyboard, hostile records, no other host."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from samaritan.catalog import load_catalog

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[3]

#: A record that would run if any of it were taken for markup, and a link that must not become one.
HOSTILE: dict[str, Any] = {
    "key": "evil2026img", "title": "<img src=x onerror=\"document.title='owned'\"> & <script>document.title='owned'</script>",
    "authors": "<b>A. Lee</b>", "month": "2026-06", "venue": "", "url": "javascript:document.title='owned'", "code": "",
    "tags": {"family": ["peft"]}, "implemented": [], "bibtex": "@misc{evil}",
}  # fmt: skip


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the site is served, below another path than the root."""
    handler = functools.partial(_Quiet, directory=str(site.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/{site.name}/catalogue/browse.html"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    """``visit("#q=lora", **context)`` -> the page; at the end nothing was asked of another host, and no error was told."""
    contexts, foreign, errors = [], [], []

    def asked(request: Any) -> None:
        if not request.url.startswith(("http://127.0.0.1", "data:", "blob:")):
            foreign.append(request.url)

    def visited(ending: str = "", script: str = "", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("request", asked)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
        if script:
            page.route("**/browse-data.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
        page.goto(address + ending)
        page.wait_for_selector(".catalogue-list li")
        return page

    yield visited
    for context in contexts:
        context.close()
    assert foreign == []
    assert errors == []


def titles(page: Any) -> list[str]:
    return list(page.locator(".catalogue-list h3").all_inner_texts())


def told(page: Any) -> str:
    return str(page.locator(".catalogue output").inner_text())


def test_all_papers_are_there_and_more_are_shown_on_request(visit: Callable[..., Any]) -> None:
    page = visit()
    count = len(load_catalog().papers)
    assert told(page) == f"{count} papers"
    assert len(titles(page)) == 30
    page.get_by_role("button", name=f"Show 30 more of {count}").click()
    assert len(titles(page)) == 60


def test_words_are_searched_and_the_best_come_first(visit: Callable[..., Any]) -> None:
    page = visit()
    page.get_by_label("Search papers").fill("medical sam adapter")
    assert titles(page)[0].startswith("Medical SAM Adapter")
    page.get_by_label("Search papers").fill("horst")
    assert titles(page) == ["CellViT: Vision Transformers for Precise Cell Segmentation and Classification"]
    page.get_by_label("Search papers").fill("no such words here")
    assert told(page) == "0 papers"


def test_filters_narrow_and_count_and_stand_in_the_address(visit: Callable[..., Any]) -> None:
    page = visit()
    wanted = [p for p in load_catalog().papers if "peft" in p.tags.family and "ultrasound" in p.tags.modality]
    page.locator("input[data-facet=family][value=peft]").check()
    page.get_by_text("modality", exact=True).click()
    page.locator("input[data-facet=modality][value=ultrasound]").check()
    assert told(page) == f"{len(wanted)} papers"
    assert sorted(titles(page)) == sorted(paper.title for paper in wanted)
    assert page.url.endswith("#family=peft&modality=ultrasound")
    page.get_by_role("button", name="Clear all").click()
    assert told(page) == f"{len(load_catalog().papers)} papers"
    assert "#" not in page.url


def test_an_address_that_was_shared_shows_the_same(visit: Callable[..., Any]) -> None:
    page = visit("#q=polyp&code=with+code&sort=old")
    wanted = [p for p in load_catalog().papers if p.code and "polyp" in p.tags.target]
    assert page.get_by_label("Search papers").input_value() == "polyp"
    assert told(page) == f"{len(wanted)} papers"
    assert titles(page)[0] == "Can SAM Segment Polyps?"


def test_an_address_of_nonsense_does_no_harm(visit: Callable[..., Any]) -> None:
    page = visit("#nonsense=1&__proto__=2&constructor=3&sort=sideways")
    assert told(page) == f"{len(load_catalog().papers)} papers"


def test_the_keyboard_alone_is_enough(visit: Callable[..., Any]) -> None:
    page = visit()
    page.get_by_label("Search papers").focus()
    page.keyboard.type("ultrasound")
    for _ in range(3):  # order, clear, first filter's head
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    chosen = page.evaluate("[document.activeElement.dataset.facet, document.activeElement.checked]")
    assert chosen == ["family", True]
    assert "family=" in page.url
    assert all("ultrasound" in text.lower() for text in page.locator(".catalogue-list li").all_inner_texts())


def test_a_citation_is_copied(visit: Callable[..., Any]) -> None:
    page = visit("#q=medical+sam+adapter", permissions=["clipboard-read", "clipboard-write"])
    page.locator("#wu2023medical").get_by_role("button", name="Copy BibTeX").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("@")
    assert "wu2023medical" in page.evaluate("navigator.clipboard.readText()")


def test_a_hostile_record_is_text(visit: Callable[..., Any]) -> None:
    script = f"globalThis.SAMARITAN_CATALOGUE = {json.dumps({'facets': {'family': 'family'}, 'papers': [HOSTILE]})};"
    page = visit("", script)
    assert titles(page) == [HOSTILE["title"]]
    assert (
        page.locator(".catalogue-list img, .catalogue-list script, .catalogue-list b, .catalogue-list a").count() == 0
    )
    assert page.title() != "owned"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_its_window_and_text_can_be_told_from_its_ground(
    visit: Callable[..., Any], scheme: str, width: int
) -> None:
    page = visit("", color_scheme=scheme, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    colours = page.evaluate(
        "(() => { const s = getComputedStyle(document.querySelector('.catalogue-search input'));"
        " return [s.color, s.backgroundColor].map(c => c.match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => +a + +b)); })()"
    )
    assert abs(colours[0] - colours[1]) > 300
    assert (colours[1] > 600) == (scheme == "light")
