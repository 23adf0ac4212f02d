from __future__ import annotations

from pathlib import Path

import pytest

from samaritan.catalog.adding import MOST, add, known_among, numbered, papers_from, refuse_known
from samaritan.catalog.arxiv import Preprint
from samaritan.catalog.own import read_papers
from samaritan.catalog.record import Paper
from samaritan.core.errors import InputError, UsageError

PREPRINT = Preprint("2304.12620", "Medical SAM Adapter", ("Junde Wu", "F. Hörst"), "2023-04", None, None)


def test_a_number_that_is_known_is_told_from_others(papers: list[Paper]) -> None:
    for source in ("2304.13785", "https://arxiv.org/abs/2304.13785v2"):
        assert [paper.key for paper in numbered(source, papers)] == ["zhang2023customized"]
    assert numbered("2304.12620", papers) == numbered("paper.bib", papers) == []


def test_an_arxiv_number() -> None:
    asked: list[str] = []

    def ask(number: str) -> Preprint:
        asked.append(number)
        return PREPRINT

    (paper,) = papers_from("arXiv:2304.12620v2", (), ask=ask)
    assert asked == ["2304.12620"]
    assert (paper.key, paper.month, paper.venue, paper.arxiv) == ("wu2023medical", "2023-04", "arXiv", "2304.12620")
    assert str(paper.url) == "https://arxiv.org/abs/2304.12620"


def test_bibtex_in_a_text_and_in_a_file(tmp_path: Path) -> None:
    text = r"""@article{whatever, title={{SAM} for {H\"o}rst}, author={Wu, Junde and Lee, Ann and others},
    journal={Medical Image Analysis}, year=2024, month=jun, doi={https://doi.org/10.1016/j.media.2024.1}, url={https://x.org/a_b}}
    @misc{wu2024sam, title={Another}, author={Wu, J.}, eprint={2405.00001}}"""
    file = tmp_path / "refs.bib"
    file.write_text(text, encoding="utf-8")
    for source in (text, str(file)):
        first, second = papers_from(source, {"wu2024samb"})
        assert (first.key, first.title, first.authors, first.others) == (
            "wu2024sam",
            "SAM for Hörst",
            ("Junde Wu", "Ann Lee"),
            True,
        )
        assert (first.month, first.doi, str(first.url)) == ("2024-06", "10.1016/j.media.2024.1", "https://x.org/a_b")
        assert (second.key, second.month, second.arxiv, second.venue) == (
            "wu2024another",
            "2024-05",
            "2405.00001",
            "arXiv",
        )


def test_an_entry_without_a_month_says_how_to_give_it() -> None:
    entry = "@article{x, title={T of it}, author={A. Lee}, year=2024}"
    with pytest.raises(
        InputError, match=r"'x' does not say in which month .* add month = jun, or pass --month 2024-06"
    ):
        papers_from(entry, ())
    assert papers_from(entry, (), month="2024-06")[0].month == "2024-06"


@pytest.mark.parametrize(
    ("date", "month"),
    [("date={2024-06-01}", "2024-06"), ("year=2024, month={June}", "2024-06"), ("year=2024, month=6", "2024-06")],
)
def test_months_in_every_form(date: str, month: str) -> None:
    assert papers_from(f"@article{{x, title={{T}}, author={{A. Lee}}, {date}}}", ())[0].month == month


def test_a_file_of_records(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("key: lee2024sam\ntitle: T\nauthors: [A. Lee]\nmonth: 2024-05\n", encoding="utf-8")
    assert papers_from(str(file), ())[0].key == "lee2024sam"


@pytest.mark.parametrize(
    ("source", "error", "what"),
    [
        ("nothing.yaml", UsageError, "'nothing.yaml' is no file, no BibTeX entry and no arXiv number"),
        ("@string{a={b}}", InputError, "has no entry"),
        ("@article{x, title={T}, year=2024, month=jun}", InputError, "'x' has no authors"),
        ("@article{x, year=2024, month=jun}", InputError, "'x' has no title and no authors"),
    ],
)
def test_what_is_no_paper_is_told(source: str, error: type[Exception], what: str) -> None:
    with pytest.raises(error, match=what):
        papers_from(source, ())


def test_duplicates_are_refused_with_the_key_and_nothing_is_written(tmp_path: Path, papers: list[Paper]) -> None:
    new = papers[0].model_copy(update={"key": "x2024y", "title": "Something new altogether"})
    twin = papers[1].model_copy(update={"key": "x2024z", "title": papers[1].title.upper() + "."})
    file = tmp_path / "mine.yaml"
    with pytest.raises(InputError, match=r"Nothing was added: .* is there as li2024echo"):
        add([new, twin], papers, file)
    assert not file.exists()
    assert known_among([new, twin, new], papers) == [(twin, papers[1]), (new, new)]
    add([new], papers, file)
    assert read_papers(file) == [new]


def test_blanks_without_end_take_no_time() -> None:
    blanks = " " * 1_000_000
    text = f"@article{{a, title = {{T{blanks}U}}, author = {{A{blanks}Lee and B Wu}}, year = 2024, month = jan}}"
    (paper,) = papers_from(text, [])
    assert (paper.title, paper.authors) == ("T U", ("A Lee", "B Wu"))


def test_more_than_can_be_compared_is_told(papers: list[Paper]) -> None:
    text = "@article{a, title = {T}, author = {A}, year = 2024, month = jan}\n" * (MOST + 1)
    with pytest.raises(InputError, match=f"has {MOST + 1} entries; at most {MOST} are added at a time"):
        papers_from(text, [])
    with pytest.raises(InputError, match=f"at most {MOST} are added at a time"):
        known_among(papers[:1] * (MOST + 1), [])


def test_many_that_are_there_are_told_in_a_few_lines(papers: list[Paper]) -> None:
    with pytest.raises(InputError, match=r"and 6 more \(--skip-known") as told:
        refuse_known(papers * 2, papers)
    assert str(told.value).count("is there as") == 10
