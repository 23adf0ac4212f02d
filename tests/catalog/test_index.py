from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samaritan.catalog.filters import Filters
from samaritan.catalog.index import MOST_WORDS, Index, search
from samaritan.catalog.record import Paper
from samaritan.core.errors import UsageError
from tests.catalog.conftest import paper


def keys(found: list[Paper]) -> list[str]:
    return [paper.key for paper in found]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ultrasound lora", ["wu2024ultrasound", "li2024echo"]),  # low-rank is LoRA, echocardiography is ultrasound
        ("US", ["wu2024ultrasound", "li2024echo"]),
        ("echocardiography", ["li2024echo"]),  # which a breast is not
        ("mri", ["kim2023mri", "ray2023few"]),  # the second by its tag
        ("polyp", ["ono2024sam"]),
        ("sam 2", ["ono2024sam", "ma2025medsam2"]),
        ("SAM2", ["ono2024sam", "ma2025medsam2"]),
        ("med sam 2", ["ma2025medsam2"]),
        ("MedSAM-2", ["ma2025medsam2"]),
        ("fewshot", ["ray2023few"]),
        ("few shot", ["ray2023few"]),
        ("few-shot tumor", ["ray2023few"]),
        ("horst", ["horst2023cellvit"]),
        ("HÖRST nucleus", ["horst2023cellvit"]),
        ("transform", ["horst2023cellvit"]),  # the beginning of a word
        ('"knee mri"', ["kim2023mri"]),
        ('"mri knee"', []),
        ("medical image analysis", ["kim2023mri"]),
        ("zhang2023", ["zhang2023customized"]),
        ("which papers are on the polyps", ["ono2024sam"]),
        ("dermoscopy", []),
    ],
)
def test_words_find_papers(papers: list[Paper], query: str, expected: list[str]) -> None:
    assert sorted(keys(search(papers, query))) == sorted(expected)


def test_a_title_weighs_more_than_a_tag(papers: list[Paper]) -> None:
    assert keys(search(papers, "mri")) == ["kim2023mri", "ray2023few"]


def test_no_words_list_all_the_newest_first(papers: list[Paper]) -> None:
    found = search(papers, "  ")
    assert [paper.month for paper in found] == sorted((paper.month for paper in papers), reverse=True)
    assert keys(search(papers, limit=2)) == ["ma2025medsam2", "ono2024sam"]


def test_filters_hold_with_words(papers: list[Paper]) -> None:
    filters = Filters(since="2024-06", with_code=True, tags={"family": ("peft",)})
    assert keys(search(papers, "ultrasound lora", filters)) == ["wu2024ultrasound"]


def test_any_word_will_do_and_more_come_first(papers: list[Paper]) -> None:
    assert search(papers, "breast echocardiography") == []
    assert keys(search(papers, "breast ultrasound polyps", any_word=True))[0] == "wu2024ultrasound"
    assert set(keys(search(papers, "breast echocardiography", any_word=True))) == {"wu2024ultrasound", "li2024echo"}


def test_a_query_without_a_word_is_told(papers: list[Paper]) -> None:
    with pytest.raises(UsageError, match="'!\\?' has no letter and no digit"):
        search(papers, "!?")


def test_what_a_query_lacks_is_counted(papers: list[Paper]) -> None:
    assert Index(papers).explain("ultrasound nothingthere") == {"ultrasound": 2, "nothingthere": 0}


_INDEX: list[Index] = []

OPERATORS = [
    '"',
    "*",
    "(",
    ")",
    "AND",
    "OR",
    "NOT",
    "NEAR(",
    "title:",
    "-",
    "^",
    "+",
    "{",
    "}",
    ":",
    "'",
    ";--",
    "\x00",
    "sam",
    "2",
]


@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from(OPERATORS)).map(" ".join), st.lists(st.sampled_from(OPERATORS)).map("".join)
    )
)
def test_no_text_is_an_error_of_the_language_of_the_index(papers: list[Paper], query: str) -> None:
    if not _INDEX:
        _INDEX.append(Index(papers))
    try:
        found = _INDEX[0].search(query)
    except UsageError as error:
        assert "no letter and no digit" in str(error)  # noqa: PT017 - any other error fails
    else:
        assert set(keys(found)) <= set(keys(papers))


@given(st.lists(st.sampled_from(["ultrasound", "segment", "polyp", "mri", "low"]), min_size=1, max_size=4))
def test_more_words_never_find_more(papers: list[Paper], words: list[str]) -> None:
    index = Index(papers)
    whole = set(keys(index.search(" ".join(words))))
    assert whole <= set.intersection(*(set(keys(index.search(word))) for word in words))


def test_a_question_is_no_book(papers: list[Paper]) -> None:
    index = Index(papers)
    assert index.search("polyps " * MOST_WORDS) == index.search("polyps")
    with pytest.raises(UsageError, match=f"has {MOST_WORDS + 1} words; give at most {MOST_WORDS}"):
        index.search("sam " * (MOST_WORDS + 1))
    with pytest.raises(UsageError, match="has no letter and no digit") as told:
        index.search('"' * 100_000)
    assert len(str(told.value)) < 200


@pytest.mark.parametrize(
    "query", ['sam" OR "', "NEAR(sam polyps)", "title:sam", "sam*", "^sam", "sam AND NOT polyps", "-sam", "{title}:sam"]
)
def test_nothing_in_a_question_is_an_operator(papers: list[Paper], query: str) -> None:
    Index(papers).search(query, any_word=True)


@pytest.mark.parametrize(
    "query",
    [
        "2304.13785",
        "arXiv:2304.13785v2",
        "https://arxiv.org/abs/2304.13785",
        "http://www.arxiv.org/pdf/2304.13785v1.pdf sam",
    ],
)
def test_a_number_on_arxiv_is_found_in_every_form(papers: list[Paper], query: str) -> None:
    assert keys(search(papers, query)) == ["zhang2023customized"]


def test_a_work_is_found_by_the_name_of_its_repository_and_of_what_rests_on_it(papers: list[Paper]) -> None:
    called = paper("ma2023segment", "Segment Anything in Images", "2023-04", code="https://github.com/lab/Half-MedSAM/")
    assert keys(search([*papers, called], "half-medsam")) == ["ma2023segment"]
    wordy = paper("ma2023segment", "Segment Anything in Images", "2023-04", code="https://github.com/lab/SAM-on-polyps")
    assert "ma2023segment" not in keys(search([*papers, wordy], "polyps"))  # which are not what it is about
    assert "zhang2023customized" in keys(search(papers, "lora"))  # the method of this package rests on it


def test_words_that_no_paper_has_are_taken_for_those_that_are_like_them(papers: list[Paper]) -> None:
    index = Index(papers)
    assert index.meant(index.explain("ultrasond sam polips qqqqq")) == {"ultrasond": "ultrasound", "polip": "polyp"}
