"""The vocabulary of public data sets, and what follows from it."""

from __future__ import annotations

from itertools import chain

import pytest

from samaritan.core.public_data import PUBLIC_DATA, Seen, _bare, canonical, most_seen, nearest, seen, titles


def test_no_word_means_two_data_sets() -> None:
    words = [_bare(word) for data in PUBLIC_DATA.values() for word in (data.name, *data.aliases)]
    assert sorted(words) == sorted(set(words))


def test_members_and_overlaps_are_in_the_vocabulary() -> None:
    named = set(chain.from_iterable((*data.members, *data.overlaps) for data in PUBLIC_DATA.values()))
    assert named - PUBLIC_DATA.keys() == set()


def test_names_are_words_and_titles_are_not_empty() -> None:
    assert [name for name, data in PUBLIC_DATA.items() if " " in name or name != name.lower() or not data.title] == []


@pytest.mark.parametrize(
    ("written", "name"),
    [("CVC ClinicDB", "cvc-clinicdb"), ("AMOS22", "amos"), ("BraTS2021", "brats"), ("msd liver", "lits"), ("?", None)],
)
def test_spelling_does_not_matter(written: str, name: str | None) -> None:
    assert canonical(written) == name


def test_a_slip_is_answered_with_the_nearest() -> None:
    assert nearest("totalsegmentater") == "totalsegmentator"
    assert nearest("our hospital") is None


@pytest.mark.parametrize(
    ("sources", "trained", "inherited", "complete", "expected"),
    [
        (["drive"], ["drive"], [], False, "yes"),
        (["DRIVE"], ["drive", "photographs of our own"], [], False, "yes"),
        (["hc18"], ["cvpr2024-laptop"], [], False, "yes"),
        (["drive", "hc18"], ["cvpr2024-laptop"], [], False, "yes"),
        (["isic2017"], ["cvpr2024-laptop"], [], False, "possibly"),  # shares images with ISIC 2018
        (["flare22"], ["cvpr2024-laptop"], [], True, "possibly"),
        (["busi"], ["medsam-collection"], [], False, "possibly"),  # by the collection that shares images with it
        (["amos"], [], ["medsam-collection"], False, "possibly"),
        (["msd"], ["msd-heart"], [], True, "possibly"),  # a part of the images was seen
        (["drive"], ["cvpr2024-laptop"], [], False, "unknown"),
        (["drive"], ["sa-1b"], [], True, "no"),
        (["a set that nobody knows"], ["sa-1b"], [], True, "no"),
        ([], ["sa-1b"], [], True, "unknown"),
        (["phantom"], ["cvpr2024-laptop"], [], False, "no"),
        (["private"], [], [], False, "no"),
        (["private", "hc18"], ["hc18"], [], False, "yes"),
    ],
)
def test_what_was_seen(
    sources: list[str], trained: list[str], inherited: list[str], complete: bool, expected: Seen
) -> None:
    assert seen(sources, trained, inherited, complete=complete) == expected


def test_the_gravest_answer_counts() -> None:
    assert most_seen("no") == "no"
    assert most_seen("no", "unknown") == "unknown"
    assert most_seen("possibly", "unknown") == "possibly"
    assert most_seen("yes", "possibly", "no") == "yes"


def test_titles_of_names_and_sentences() -> None:
    assert titles(["drive", "images of our own"]) == ["DRIVE, retinal vessels", "images of our own"]
