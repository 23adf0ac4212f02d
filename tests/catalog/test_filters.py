from __future__ import annotations

import pytest

from samaritan.catalog.filters import Filters, checked_words
from samaritan.catalog.record import Paper
from samaritan.core.errors import UnknownNameError, UsageError


def keys(papers: list[Paper], filters: Filters) -> set[str]:
    return {paper.key for paper in papers if filters.fits(paper)}


def test_months_are_inclusive_and_a_year_is_all_of_it(papers: list[Paper]) -> None:
    assert keys(papers, Filters(since="2024-07", until="2024-08")) == {"wu2024ultrasound", "ono2024sam"}
    assert keys(papers, Filters(since="2024", until="2024")) == {"wu2024ultrasound", "ono2024sam", "li2024echo"}


def test_words_of_one_facet_are_alternatives_and_facets_add_up(papers: list[Paper]) -> None:
    assert keys(papers, Filters(tags={"modality": ("mr", "endoscopy")})) == {"kim2023mri", "ray2023few", "ono2024sam"}
    assert keys(papers, Filters(tags={"modality": ("mr",), "supervision": ("few-shot",)})) == {"ray2023few"}


def test_code_and_implemented(papers: list[Paper]) -> None:
    assert keys(papers, Filters(with_code=True)) == {"wu2024ultrasound", "ma2025medsam2"}
    assert keys(papers, Filters(without_code=True)) == {paper.key for paper in papers} - {
        "wu2024ultrasound", "ma2025medsam2",
    }  # fmt: skip
    assert keys(papers, Filters(implemented=True)) == {"zhang2023customized"}


@pytest.mark.parametrize("month", ["2024-13", "2024-6", "06-2024", "yesterday", ""])
def test_what_is_no_month_is_told(month: str) -> None:
    with pytest.raises(UsageError, match="since is a month such as 2024-06"):
        Filters(since=month)


def test_code_that_is_wanted_and_excluded_is_told() -> None:
    with pytest.raises(UsageError, match="No paper is both with code and without"):
        Filters(with_code=True, without_code=True)


def test_an_empty_span_is_told() -> None:
    with pytest.raises(UsageError, match="since 2025-01 lies after until 2024-12"):
        Filters(since="2025", until="2024")


def test_words_are_split_at_commas_and_unknown_ones_told() -> None:
    assert checked_words("modality", ["CT, mr", "ct"], ["ct", "mr"]) == ("ct", "mr")
    with pytest.raises(
        UnknownNameError, match=r"no base-model 'sam4'; did you mean sam3 or sam2\? allowed are sam2, sam3"
    ):
        checked_words("base_model", ["sam4"], ["sam2", "sam3"])
