"""The catalogue's page in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from samaritan.catalog import load_catalog
from samaritan.catalog.bibtex import bibtex
from samaritan.catalog.filters import Filters
from samaritan.catalog.index import Index
from samaritan.catalog.words import joined, tokens
from scripts.catalogue.browse import data
from tests.docs.browser.conftest import Open

pytestmark = pytest.mark.browser

PAPERS = load_catalog().papers
INDEX = Index(PAPERS)

#: Words, synonyms, compounds, plurals, names, quotes, accents; the page answers each as the command line does.
QUESTIONS = (
    "tumour few-shot", "us", "fewshot", "med sam 2", '"segment anything" polyp', "MRI", "adapters", "survey", "J. Wu",
    "kirillov2023segment", "3D", "weakly supervised nuclei", "the", "Zhang", "parameter-efficient", "SAM 3", "echo",
    "no such words",
)  # fmt: skip


def keys(page: Any) -> list[str]:
    """Of the papers that are shown."""
    found: list[str] = page.locator(".catalogue__papers > li").evaluate_all("all => all.map(one => one.dataset.key)")
    return found


def ask(page: Any, words: str) -> list[str]:
    page.get_by_label("Words of title").fill(words)
    more = page.get_by_role("button", name="Show all")
    if more.is_visible():
        more.click()
    return keys(page)


def box(page: Any, facet: str, word: str) -> Any:
    page.locator("details.catalogue__facet", has_text=facet).evaluate_all(
        "all => all.forEach(one => (one.open = true))"
    )
    return page.get_by_role("group", name=facet).get_by_label(re.compile(rf"^{word}\d+$"))


def test_it_finds_what_the_command_line_finds_in_the_same_order(opened: Open) -> None:
    page = opened()
    for question in QUESTIONS:
        assert ask(page, question) == [paper.key for paper in INDEX.search(question)], question


def test_it_takes_titles_apart_as_the_command_line_does(opened: Open) -> None:
    page = opened()
    titles = [
        *(paper.title for paper in PAPERS),
        "Łukasz's tumours, Øre's x-rays: masses & analyses (SAM 2.1)",
        "naïve ﬁnding",
    ]
    script = """titles => {
        const index = indexOf(globalThis.SAMARITAN_CATALOGUE);
        return titles.map(title => [index.tokens(title), index.joined(title)]);
    }"""
    assert page.evaluate(script, titles) == [[tokens(title), joined(title)] for title in titles]


def test_a_word_that_is_being_typed_finds_its_beginning(opened: Open) -> None:
    page = opened()
    assert INDEX.search("pol") == []  # the command line takes short words as they are
    assert set(ask(page, "pol")) >= {paper.key for paper in INDEX.search("polyp")} != set()


def test_filters_narrow_and_count(opened: Open) -> None:
    page = opened()
    box(page, "Family", "peft").check()
    box(page, "Modality", "ultrasound").check()
    page.get_by_label(re.compile("^with code")).check()

    wanted = Filters(with_code=True, tags={"family": ("peft",), "modality": ("ultrasound",)})
    assert keys(page) == [paper.key for paper in INDEX.search("", wanted)]
    status = page.get_by_role("status")
    assert status.inner_text() == f"{len(keys(page))} of {len(PAPERS)} papers"
    assert status.get_attribute("aria-live") == "polite"

    either = Filters(with_code=True, tags={"modality": ("ultrasound",)})
    for family in ("peft", "retraining"):  # what a box says is what it would show with all other filters
        count = sum(family in paper.tags.family for paper in INDEX.search("", either))
        assert page.get_by_role("group", name="Family").locator("label", has_text=family).inner_text().split() == [
            family,
            str(count),
        ]

    page.get_by_label(re.compile("^without code")).check()  # lifts its opposite
    assert not page.get_by_label(re.compile("^with code")).is_checked()
    lacking = Filters(without_code=True, tags={"family": ("peft",), "modality": ("ultrasound",)})
    assert keys(page) == [paper.key for paper in INDEX.search("", lacking)] != []

    page.get_by_role("button", name="Clear all").click()
    assert page.get_by_role("status").inner_text() == f"{len(PAPERS)} of {len(PAPERS)} papers, the first 50 shown"


def test_a_work_is_found_by_its_earlier_title_and_shows_it(opened: Open) -> None:
    page = opened()
    renamed = next(paper for paper in PAPERS if paper.earlier)
    assert renamed.key in ask(page, f'"{renamed.earlier[0].title}"')
    assert page.locator(f"li[data-key={renamed.key}]").get_by_text(f"Earlier: {renamed.earlier[0].title}").is_visible()


def test_an_address_can_be_passed_on(opened: Open) -> None:
    first = opened()
    ask(first, "tumour")
    box(first, "Family", "peft").check()
    box(first, "Year", "2025").check()
    first.get_by_label("Order").select_option("oldest")

    second = opened("#" + first.url.partition("#")[2])
    assert keys(second) == keys(first) != []
    assert second.get_by_label("Words of title").input_value() == "tumour"
    wanted = Filters(since="2025", until="2025", tags={"family": ("peft",)})
    assert keys(first) == [paper.key for paper in reversed(INDEX.search("", wanted)) if paper in INDEX.search("tumour")]
    second.evaluate("location.hash = 'family=no-such-word&sort=none&q=polyp'")
    assert keys(second) == [paper.key for paper in INDEX.search("polyp")]


def test_the_keyboard_is_enough(opened: Open) -> None:
    page = opened()
    field = page.get_by_label("Words of title")
    field.focus()
    page.keyboard.type("polyp")
    found = keys(page)
    for number in (0, 1):
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.closest('li').dataset.key") == found[number]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    assert field.input_value() == ""
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "checkbox":
            break
    page.keyboard.press("Space")
    assert "code=1" in page.url


def test_bibtex_is_copied(opened: Open) -> None:
    page = opened("#q=kirillov2023segment")
    paper = load_catalog().get("kirillov2023segment")
    page.get_by_role("button", name=f"Copy BibTeX of {paper.title}", exact=True).click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == bibtex([paper])


def test_all_papers_can_be_shown(opened: Open) -> None:
    page = opened()
    assert len(keys(page)) == 50
    page.get_by_role("button", name="Show all").click()
    assert keys(page) == [paper.key for paper in INDEX.search()]
    assert page.evaluate("document.activeElement.closest('li').dataset.key") == keys(page)[50]


def test_hostile_records_are_text(opened: Open) -> None:
    title = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    paper = PAPERS[0].model_copy(
        update={"title": title, "url": "javascript:alert(3)", "authors": ("<b>X</b>",), "code": "https://x.org/\"'><b>"}
    )
    page = opened(data=data((paper,)))
    assert page.locator(".catalogue__title").inner_text() == title
    assert page.locator("#catalogue img, #catalogue script, #catalogue li b, .catalogue__title a").count() == 0
    assert page.locator("#catalogue a[rel~=noopener]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_can_be_read(opened: Open, scheme: str, width: int) -> None:
    page = opened(color_scheme=scheme, viewport={"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground, ink = page.evaluate("""() => {
        const light = colour => colour.match(/[\\d.]+/g).slice(0, 3).reduce((sum, one) => sum + Number(one), 0) / 3;
        const field = getComputedStyle(document.getElementById("catalogue-words"));
        return [light(getComputedStyle(document.body).backgroundColor), light(field.color)];
    }""")
    assert (ground > 200 and ink < 100) if scheme == "light" else (ground < 60 and ink > 140)
    assert page.locator("details.catalogue__filters").evaluate("one => one.open") is (width > 1000)


def test_pages_from_the_disk_work_too(browser: Any, site: Path) -> None:
    page = browser.new_page()
    page.goto((site / "catalogue" / "browse.html").as_uri() + "#q=polyp")
    assert keys(page) == [paper.key for paper in INDEX.search("polyp")]
    ask(page, "nuclei")
    assert page.url.endswith("#q=nuclei")
    page.context.close()


def test_without_scripts_it_says_how_to_ask(opened: Open) -> None:
    page = opened(java_script_enabled=False)
    assert page.locator("noscript").inner_text().startswith("This list needs JavaScript")
    assert page.locator("#catalogue").is_hidden()


def test_a_tag_that_is_chosen_keeps_the_keyboard(opened: Open) -> None:
    page = opened("#q=ultrasound")
    tag = page.locator(".catalogue__papers > li").first.get_by_role("button", name="ultrasound", exact=True)
    tag.focus()
    page.keyboard.press("Enter")
    told = "[document.activeElement.textContent, document.activeElement.getAttribute('aria-pressed')]"
    assert page.evaluate(told) == ["ultrasound", "true"]
    page.keyboard.press("Enter")
    assert page.evaluate(told) == ["ultrasound", "false"]
