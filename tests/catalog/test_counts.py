from __future__ import annotations

import pytest

from samaritan.catalog.counts import Counts, count, quarter_of
from samaritan.catalog.record import Paper


def test_years_and_words_in_order(papers: list[Paper]) -> None:
    assert count(papers, "modality") == Counts(
        "modality",
        ("2023", "2024", "2025"),
        {"mr": (2, 0, 0), "ultrasound": (0, 2, 0), "endoscopy": (0, 1, 0), "(none)": (2, 0, 1)},
        (4, 3, 1),
    )


def test_quarters_without_papers_are_there(papers: list[Paper]) -> None:
    found = count(papers, "family", by="quarter")
    assert found.periods[:4] == ("2023 Q2", "2023 Q3", "2023 Q4", "2024 Q1")
    assert found.totals == (3, 1, 0, 1, 0, 2, 0, 0, 1)


def test_a_paper_counts_under_each_of_its_words(papers: list[Paper]) -> None:
    both = papers[0].model_copy(update={"tags": papers[0].tags.model_copy(update={"modality": ("ct", "mr")})})
    assert count([both], "modality").rows == {"ct": (1,), "mr": (1,)}
    assert count([both], "modality").totals == (1,)


@pytest.mark.parametrize(("month", "quarter"), [("2024-03", "2024 Q1"), ("2024-04", "2024 Q2"), ("2024-12", "2024 Q4")])
def test_quarters(month: str, quarter: str) -> None:
    assert quarter_of(month) == quarter


def test_no_papers_have_no_periods() -> None:
    assert count([], "family") == Counts("family", (), {}, ())
