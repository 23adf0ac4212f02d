from __future__ import annotations

from samaritan.catalog.checking import check_papers
from samaritan.catalog.filters import FACETS
from samaritan.catalog.record import Earlier, Paper

WORDS = {
    "family": ("peft",), "modality": ("ultrasound", "endoscopy", "mr"), "dimension": ("3d",), "base_model": ("sam2",),
    "supervision": ("few-shot",),
}  # fmt: skip


def test_good_records_have_no_fault(papers: list[Paper]) -> None:
    assert check_papers(papers, WORDS) == []


def test_keys_twins_and_words_are_found(papers: list[Paper]) -> None:
    twin = papers[0].model_copy(update={"key": "other2024key"})
    faults = check_papers([*papers, papers[1], twin], {**WORDS, "dimension": ()})
    assert [(fault.key, fault.kind) for fault in faults] == [
        ("li2024echo", "key"), ("other2024key", "twin"), ("ma2025medsam2", "tag"),
    ]  # fmt: skip
    assert "wu2024ultrasound" in faults[1].sentence
    assert faults[2].sentence == "ma2025medsam2 has the dimension '3d', which is not in the vocabulary."


def test_one_number_under_two_titles_is_found(papers: list[Paper]) -> None:
    known = papers[-1].model_copy(update={"doi": "10.1/AB"})
    renamed = papers[1].model_copy(update={"arxiv": known.arxiv, "doi": "10.1/ab"})
    faults = check_papers([known, renamed], WORDS)
    assert [(fault.key, fault.kind) for fault in faults] == [("li2024echo", "number")] * 2
    assert faults[0].sentence.startswith("li2024echo and zhang2023customized have the same arXiv number 2304.13785;")
    assert "DOI 10.1/ab" in faults[1].sentence
    joined = known.model_copy(update={"earlier": (Earlier(key=renamed.key, title=renamed.title),)})
    assert check_papers([joined], WORDS) == []
    assert [fault.kind for fault in check_papers([joined, papers[1]], WORDS)] == ["key", "twin"]


def test_facets_are_those_of_a_record() -> None:
    assert FACETS == ("family", "modality", "target", "dimension", "prompt", "base_model", "supervision")
