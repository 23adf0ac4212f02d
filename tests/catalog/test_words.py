from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samaritan.catalog.words import SAME, fold, joined, singular, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hörst's Polyps", ["horst", "polyp"]),
        ("SAM\u2019s ŁÓDŹ", ["sam", "lodz"]),
        ("few-shot MR images", ["few", "shot", "mr", "image"]),
        ("pancreas analysis nucleus loss", ["pancreas", "analysis", "nucleus", "loss"]),
        ("studies masses boxes", ["study", "mass", "box"]),
        ("SAM-Med2D, U-Net!", ["sam", "med2d", "u", "net"]),
        ("\ufb01ne \uff33\uff21\uff2d", ["fine", "sam"]),
        ("?! -- …", []),
    ],
)
def test_tokens_are_folded_and_in_the_singular(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_compounds_and_numbered_names_are_also_one_word() -> None:
    assert joined("Few-shot SAM 2 for U-Nets") == ["fewshot", "unet", "sam2"]


@given(st.text())
def test_folding_and_singular_are_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert [word for token in tokens(text) for word in tokens(token)] == [singular(token) for token in tokens(text)]


def test_no_name_belongs_to_two_things() -> None:
    names = [tuple(tokens(name)) for group in SAME for name in group]
    assert len(names) == len(set(names))
