"""The papers that the package carries."""

from __future__ import annotations

import re

import pytest

from samaritan.catalog import Catalog, Paper, Tags, UnknownPaperError, load_catalog, search, vocabulary
from samaritan.catalog.everything import find_paper
from samaritan.catalog.record import Earlier
from samaritan.catalog.titles import twins


def test_the_survey_s_papers_are_there_once_each_and_so_are_those_that_the_field_stands_on() -> None:
    papers = load_catalog().papers
    assert len(papers) >= 434
    assert len({paper.key for paper in papers}) == len(papers)
    assert {"kirillov2023segment", "ma2023segment", "wu2023medical", "hu2021lora"} <= {paper.key for paper in papers}
    numbers = [paper.arxiv for paper in papers if paper.arxiv]
    assert len(set(numbers)) == len(numbers)
    assert twins(papers) == []


def test_every_record_has_a_link_and_its_month_fits_its_arxiv_number() -> None:
    for paper in load_catalog().papers:
        assert paper.url is not None, paper.key
        if paper.arxiv and paper.venue == "arXiv":
            year, month = 2000 + int(paper.arxiv[:2]), int(paper.arxiv[2:4])
            said = int(paper.month[:4]) * 12 + int(paper.month[5:])
            assert abs(said - (year * 12 + month)) <= 2, paper.key  # the survey's months are of either version


def test_keys_are_of_author_year_and_title() -> None:
    for paper in load_catalog().papers:
        assert (paper.published or paper.month)[:4] in paper.key
        assert re.fullmatch(r"[a-z]+\d{4}[a-z0-9]+", paper.key)


def test_every_tag_is_a_word_of_the_vocabulary() -> None:
    assert set(vocabulary()) == set(Tags.model_fields)
    for paper in load_catalog().papers:
        for facet in Tags.model_fields:
            assert set(getattr(paper.tags, facet)) <= set(vocabulary()[facet]), paper.key


def test_a_paper_is_found_by_key_and_by_number() -> None:
    catalog = load_catalog()
    assert catalog.by_arxiv("2304.12306") == catalog.get("ma2023segment")
    assert catalog.by_arxiv("2304.12306").title == "Segment Anything in Medical Images"


@pytest.mark.parametrize(
    ("key", "earlier", "number"),
    [
        ("zhao2025large", "zhao2023one", "2312.17183"),
        ("huang2025fly", "huang2024improving", "2406.00956"),
        ("lin2024beyond", "lin2023samus", "2309.06824"),
        ("zhang2024semisam", "zhang2023semisam", "2312.06316"),
        ("wang2025samb", "wang2023same", "2310.15161"),
        ("chen2025un", "chen2024un", "2402.16663"),
    ],
)
def test_a_work_that_was_renamed_is_one_and_is_found_by_both_names(key: str, earlier: str, number: str) -> None:
    catalog = load_catalog()
    assert catalog.get(earlier) == catalog.get(key) == catalog.by_arxiv(number)
    assert earlier not in [paper.key for paper in catalog.papers]
    (before,) = catalog.get(key).earlier
    assert find_paper(before.title).key == find_paper(earlier).key == key
    assert key in [paper.key for paper in search(catalog.papers, f'"{before.title}"')]


@pytest.mark.parametrize("key", ["kirilov2023segment", "Kirillov2023Segment"])
def test_an_unknown_key_is_answered_with_those_nearest_to_it(key: str) -> None:
    with pytest.raises(UnknownPaperError, match="did you mean kirillov2023segment"):
        load_catalog().get(key)


def test_an_unknown_number_is_an_error() -> None:
    with pytest.raises(UnknownPaperError, match=r"0000\.00000"):
        load_catalog().by_arxiv("0000.00000")


def test_a_key_that_stands_twice_is_refused() -> None:
    paper = Paper(key="lee2024sam", title="SAM", authors=("A. Lee",), month="2024-01")
    renamed = paper.model_copy(update={"key": "lee2025sam", "earlier": (Earlier(key=paper.key, title="A SAM"),)})
    for twice in ([paper, paper], [paper, renamed]):
        with pytest.raises(ValueError, match="same key"):
            Catalog(twice)
