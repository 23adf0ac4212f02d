from __future__ import annotations

import itertools
import random
import string
from difflib import SequenceMatcher

import pytest

from samaritan.catalog import titles
from samaritan.catalog.record import Paper
from samaritan.catalog.titles import ALIKE, _read, key_for, similarity, twin_of, twins


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


def test_titles_in_the_same_words_are_seldom_compared_letter_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = random.Random(0)
    words = ["".join(letters.choices(string.ascii_lowercase, k=7)) for _ in range(200)]
    made_up = [f"A study of the {word} and its {other}" for word, other in zip(words[::2], words[1::2], strict=True)]
    compared: list[str] = []

    class Counted(SequenceMatcher[str]):
        def ratio(self) -> float:
            compared.append("once")
            return super().ratio()

    monkeypatch.setattr(titles, "SequenceMatcher", Counted)
    pairs = list(itertools.combinations(made_up, 2))
    assert max(itertools.starmap(similarity, pairs)) < ALIKE
    assert len(compared) < len(pairs) / 10  # each takes a hundred times as long as to see that it is not needed


@pytest.mark.parametrize(
    "other", ["Émile's SAM for the knées", "Emiles SAM for the knee", "SAM for the knees of Emile"]
)
def test_letters_without_order_are_never_fewer_than_those_in_order(other: str) -> None:
    one = _read("Émile's SAM for the knee")
    two = _read(other)
    in_order = SequenceMatcher(None, one.text, two.text, autojunk=False).ratio()
    assert 2 * sum(map(min, one.letters, two.letters)) >= in_order * (len(one.text) + len(two.text)) - 1e-9
    assert (similarity("Émile's SAM for the knee", other) >= ALIKE) == (in_order >= ALIKE)
