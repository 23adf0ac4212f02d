"""The page as a whole: what a reader must find in it, and what must never be in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from samaritan.benchmark._row import Row
from samaritan.benchmark.compare import compare
from samaritan.benchmark.report import write_report
from samaritan.benchmark.statistics import summarise
from samaritan.core import FormatError, InputError
from samaritan.evaluate import policy_table


class Page(HTMLParser):
    """Ids, links, text and tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "srcset", "data", "action")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """All text, with single spaces."""
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def html(fake_run: tuple[Path, list[dict[str, Any]]]) -> str:
    return write_report(fake_run[0]).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture(scope="module")
def rows(fake_run: tuple[Path, list[Row]]) -> Sequence[Row]:
    return fake_run[1]


def test_every_section_is_there(page: Page) -> None:
    wanted = {"results", "robustness", "differences", "data", "gallery", "speed", "failures", "methods", "provenance"}

    assert wanted <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_every_link_of_the_page_leads_somewhere_in_it(page: Page) -> None:
    inner = [link[1:] for link in page.links if link.startswith("#")]

    assert len(inner) > 10
    assert set(inner) <= set(page.ids)


def test_nothing_is_fetched_and_nothing_runs(page: Page, html: str) -> None:
    assert all(link.startswith(("#", "data:image/webp;base64,")) for link in page.links)
    assert "script" not in page.tags
    assert not {"style", "onclick", "onload", "onerror"} & set(page.attributes)
    assert "@import" not in html
    assert "url(" not in html


def test_policy_allows_the_pages_own_style_alone(html: str) -> None:
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)

    assert style
    assert policy
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src &#39;sha256-{digest}&#39;" in policy[1] or f"style-src 'sha256-{digest}'" in policy[1]
    assert "default-src 'none'" in policy[1]


def test_names_from_the_data_are_text(html: str, page: Page) -> None:
    assert "<script>alert(1)</script>" not in html
    assert "<script>alert(1)</script>" in page.text
    assert "The image <b>case_900</b> is damaged." in page.text


def test_means_and_intervals_are_those_of_the_statistics(page: Page, rows: Sequence[Row]) -> None:
    overall = summarise(rows, ("prompt",), "dice")
    by_dataset = summarise(rows, ("dataset", "prompt"), "hd95_mm")

    for s in overall:
        assert f"{s.mean:.3f} {s.low:.3f} \N{EN DASH} {s.high:.3f}" in page.text
    for s in by_dataset:
        digits = 2 if s.mean < 10 else 1
        assert f"{s.mean:.{digits}f}" in page.text


def test_first_paragraph_names_the_best_prompt_and_the_cost_of_a_loose_box(page: Page, rows: Sequence[Row]) -> None:
    best = summarise([row for row in rows if row["prompt"] == "box"], (), "dice")[0]
    loose, tight = ([row for row in rows if row["prompt"] == prompt] for prompt in ("box:margin=0.1", "box"))
    change = compare(loose, tight, "dice")

    first = f"{best.mean:.2f} [{best.low:.2f}, {best.high:.2f}] over {best.n_patients} patients and 5 data sets"
    assert f"The highest mean Dice, {first}, comes from the tight box ( box )" in page.text
    assert "which is less by" in page.text
    cost = f"by {change.difference:.2f} [{change.low:.2f}, {change.high:.2f}]".replace("-", "\N{MINUS SIGN}")
    assert f"{cost} with a box 10 % larger on each side" in page.text
    assert "lowest on vessels" in page.text


def test_differences_are_those_of_the_statistics(page: Page, rows: Sequence[Row]) -> None:
    one = compare([r for r in rows if r["prompt"] == "point"], [r for r in rows if r["prompt"] == "box"], "dice")

    assert f"{one.difference:+.3f}".replace("-", "\N{MINUS SIGN}") in page.text
    assert "point minus box" in page.text


def test_failed_undefined_oracles_and_untrained_prompts_are_told(page: Page) -> None:
    assert "8 measurements failed" in page.text
    assert "Outside the training of litemedsam" in page.text
    assert "not trained for point , points:5 , clicks:5 and everything" in page.text
    assert "upper bound" in page.text


def test_definitions_and_provenance_are_told(page: Page) -> None:
    for policy in policy_table():
        assert policy["definition"] in page.text
    assert "79d8c9dc" * 8 in page.text
    assert "Apache-2.0" in page.text
    assert "window 40/400" in page.text
    assert "Not a medical device" in page.text


def test_gallery_shows_every_data_set_with_dice(page: Page, html: str) -> None:
    assert page.tags.count("img") > 5 * 3
    for name in ("best", "median", "worst", "One case, every prompt"):
        assert name in page.text
    assert len(html) < 3_000_000


def test_same_run_gives_the_same_page(make_run: Callable[..., Path], fake_data: Any) -> None:
    run = make_run(data=fake_data[:1], prompts=("box", "point"))

    assert write_report(run).read_bytes() == write_report(run).read_bytes()


def test_two_models_are_told_apart(make_run: Callable[..., Path]) -> None:
    run = make_run(models=("first", "second"), prompts=("box", "point"), pictures=False)
    page = Page(write_report(run).read_text(encoding="utf-8"))

    assert "first and second on 5 data sets" in page.text
    assert "second, box minus first, box" in page.text
    assert "gallery" not in page.ids


def test_one_data_set_one_prompt_is_enough(make_run: Callable[..., Path], fake_data: Any) -> None:
    run = make_run(data=fake_data[:1], prompts=("box",))
    page = Page(write_report(run).read_text(encoding="utf-8"))

    assert "With the tight box ( box ) the mean Dice is" in page.text
    assert "differences" not in page.ids
    assert "robustness" not in page.ids


def test_run_without_results_says_so(make_run: Callable[..., Path]) -> None:
    run = make_run(data=())
    (run / "results.jsonl").unlink()
    page = Page(write_report(run).read_text(encoding="utf-8"))

    assert "This run has no result yet" in page.text
    assert "results" not in page.ids
    assert "methods" in page.ids


def test_run_of_failures_alone_says_why(make_run: Callable[..., Path], fake_data: Any) -> None:
    run = make_run(data=fake_data[:1], prompts=("box",))
    lines = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    (run / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines if row["status"] == "failed"))
    page = Page(write_report(run).read_text(encoding="utf-8"))

    assert "No measurement gave a score: 1 failed, 0 undefined." in page.text
    assert "The image <b>case_900</b> is damaged." in page.text


def test_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a run folder"):
        write_report(tmp_path)


def test_damaged_provenance_is_named(make_run: Callable[..., Path]) -> None:
    run = make_run(data=())
    (run / "provenance.json").write_text("{")

    with pytest.raises(FormatError, match=r"provenance\.json"):
        write_report(run)
