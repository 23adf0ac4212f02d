from __future__ import annotations

import pytest

from samaritan.catalog.record import Paper
from samaritan.catalog.titles import ALIKE, key_for, similarity, twin_of, twins


def paper(key: str, title: str, **more: str) -> Paper:
    return Paper.model_validate({"key": key, "title": title, "authors": ("A. Lee",), "month": "2024-01", **more})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Segment Anything in Medical Images", "Segment anything in medical image.", True),
        (
            "nnSAM: Plug-and-play Segment Anything Model Improves nnUNet",
            "Plug-and-play segment anything model improves nnUNet",
            True,
        ),
        ("SAM for Brain Tumour Segmentation", "SAM for Brain Tumor Segmentation", True),
        ("Adapting SAM for CT Segmentation of the Liver", "Adapting SAM for MR Segmentation of the Liver", False),
        ("Segment Anything in Medical Images", "Segment Anything 2 in Medical Images", False),
        ("Polyp-SAM for colonoscopy", "Polyp-SAM++ for colonoscopy", False),
        ("Can SAM Segment Polyps?", "Can SAM Segment Kidneys?", False),
    ],
)
def test_titles_of_one_paper(one: str, other: str, same: bool) -> None:
    assert (similarity(one, other) >= ALIKE) is same
    assert similarity(one, other) == similarity(other, one)


def test_a_number_counts_where_titles_are_related() -> None:
    known = [paper("lee2024sam", "SAM for gastric cancer", doi="10.1/X")]
    assert twin_of("SAM for cancer of the stomach, gastric or not, in 1000 patients", known, doi="10.1/x") == known[0]
    assert twin_of("Distilling a mixture of experts", known, doi="10.1/x") is None  # a wrong link in somebody's list


def test_the_most_alike_of_several() -> None:
    known = [
        paper("lee2024a", "Segment anything in medical imaging"),
        paper("lee2024b", "Segment anything in medical images"),
    ]
    found = twin_of("Segment Anything in Medical Images", known)
    assert found is not None
    assert found.key == "lee2024b"


def test_pairs_name_the_earlier_first() -> None:
    known = [
        paper("lee2024a", "Can SAM Segment Polyps?"),
        paper("lee2024b", "Other"),
        paper("lee2024c", "Can SAM segment polyps"),
    ]
    assert [(one.key, other.key) for one, other in twins(known)] == [("lee2024a", "lee2024c")]


@pytest.mark.parametrize(
    ("title", "author", "expected"),
    [
        ("The Segment Anything Model", "J. Ma", "ma2024segment"),
        ("SAM-Med2D", "Hörst, Fabian", "horst2024sam"),
        ("On 3D images", "van der Berg", "berg20243d"),
    ],
)
def test_keys_are_made_of_surname_year_and_word(title: str, author: str, expected: str) -> None:
    assert key_for(title, author, "2024") == expected


def test_a_taken_key_gets_a_letter_then_a_number() -> None:
    taken = {"ma2024segment", *(f"ma2024segment{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")}
    assert key_for("Segment", "J. Ma", "2024", {"ma2024segment"}) == "ma2024segmentb"
    assert key_for("Segment", "J. Ma", "2024", taken) == "ma2024segment27"
