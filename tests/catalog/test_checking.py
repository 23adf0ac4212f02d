from __future__ import annotations

from samaritan.catalog.checking import check_papers
from samaritan.catalog.filters import FACETS
from samaritan.catalog.record import Paper

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


def test_facets_are_those_of_a_record() -> None:
    assert FACETS == ("family", "modality", "target", "dimension", "prompt", "base_model", "supervision")
