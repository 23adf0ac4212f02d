"""Entries are read again by a reader of ten lines that shares nothing with the package's own."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given

from samaritan.catalog.bibtex import bibtex, entry_of, link, protected
from samaritan.catalog.bibtex_reader import read_bibtex
from samaritan.catalog.latex import from_latex
from samaritan.catalog.record import Paper
from tests.catalog.conftest import said


def strictly_read(text: str) -> list[tuple[str, str, dict[str, str]]]:
    """Entries whose fields are lines of ``name = {value},`` with balanced braces, or ``month = jan,``."""
    entries = []
    for block in text.split("\n\n"):
        first, *lines, last = block.split("\n")
        head = re.fullmatch(r"@([a-z]+)\{([a-z0-9]+),", first)
        assert head
        assert last == "}"
        fields = {}
        for line in lines:
            field = re.fullmatch(r"  ([a-z]+) +=  ?(?:\{(.*)\}|([a-z]{3})),", line.replace("= ", "=  ", 1))
            assert field, line
            value = field[2] if field[2] is not None else field[3]
            depths = [value[:end].count("{") - value[:end].count("}") for end in range(len(value) + 1)]
            assert min(depths) == 0
            assert depths[-1] == 0
            fields[field[1]] = value
        entries.append((head[1], head[2], fields))
    return entries


def test_a_preprint_an_article_and_a_paper_in_proceedings() -> None:
    common: dict[str, object] = {
        "title": "SAM-Med2D & U-Net: 3D",
        "authors": ("F. Hörst", "A. Lee"),
        "month": "2024-05",
    }
    made = [
        Paper.model_validate({**common, "key": f"horst2024sam{number}", **more})
        for number, more in enumerate[dict[str, object]](
            [
                {"arxiv": "2405.01234", "venue": "arXiv", "others": True, "url": "https://arxiv.org/abs/2405.01234"},
                {"venue": "Medical Image Analysis", "doi": "10.1016/j.media.2024.1"},
                {"venue": "MICCAI 2024"},
                {"venue": "bioRxiv"},
                {"venue": "Elsevier"},
            ]
        )
    ]
    preprint, article, proceedings, archive, published = strictly_read(bibtex(made))
    assert preprint == (
        "misc",
        "horst2024sam0",
        {
            "title": r"{SAM-Med2D} \& {U-Net}: {3D}", "author": r"F. H{\"{o}}rst and A. Lee and others", "year": "2024",
            "month": "may", "eprint": "2405.01234", "archiveprefix": "arXiv", "url": "https://arxiv.org/abs/2405.01234",
        },
    )  # fmt: skip
    assert (article[0], article[2]["journal"], article[2]["doi"]) == (
        "article",
        "Medical Image Analysis",
        "10.1016/j.media.2024.1",
    )
    assert (proceedings[0], proceedings[2]["booktitle"]) == ("inproceedings", "MICCAI 2024")
    assert (published[0], published[2]["publisher"]) == ("misc", "Elsevier")
    assert (archive[0], archive[2]["howpublished"]) == ("misc", "bioRxiv")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Can SAM Segment Polyps?", "Can {SAM} Segment Polyps?"),
        ("(SAM): nnUNet", "({SAM}): {nnUNet}"),
        ("A study", "A study"),
    ],
)
def test_names_keep_their_capitals(title: str, expected: str) -> None:
    assert protected(title) == expected


def test_the_year_is_that_of_the_version_that_is_cited() -> None:
    paper = Paper(
        key="lee2025sam", title="SAM", authors=("A. Lee",), month="2023-12", published="2025-08", venue="A Journal"
    )
    ((kind, _, fields),) = strictly_read(entry_of(paper))
    assert (kind, fields["year"], fields["month"]) == ("article", "2025", "aug")


def test_what_would_end_a_field_is_escaped_in_addresses() -> None:
    assert link("https://x.org/a_b%20{c}\\") == "https://x.org/a_b%20%7Bc%7D%5C"


TEXT = said()


@given(title=TEXT, author=TEXT, venue=TEXT)
def test_every_record_is_read_again(title: str, author: str, venue: str) -> None:
    paper = Paper(key="lee2024sam", title=title, authors=(author,), month="2024-05", venue=venue)
    ((_, key, fields),) = strictly_read(entry_of(paper))
    (again,) = read_bibtex(entry_of(paper))
    assert (again.key, again.fields) == (key, fields)
    assert from_latex(fields["title"]) == unicodedata.normalize("NFC", " ".join(title.split()))
    assert from_latex(fields["author"]) == unicodedata.normalize("NFC", " ".join(author.split()))
