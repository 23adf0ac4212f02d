"""CITATION.cff holds what version 1.2.0 of the format asks for, and the version of the package."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

import samaritan

ROOT = Path(__file__).parents[1]
CITATION: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))

#: Keys of the schema's root and of a reference, as far as they are used here; it allows no others than its own.
KEYS = {"cff-version", "message", "type", "title", "version", "license", "authors", "keywords", "references"}
OF_A_REFERENCE = {"type", "title", "authors", "year", "journal", "volume", "start", "doi", "url"}


def test_what_must_be_there_is_there() -> None:
    assert {"cff-version", "message", "title", "authors"} <= set(CITATION) <= KEYS
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["type"] == "software"
    assert CITATION["authors"]
    assert all(set(author) in ({"name"}, {"family-names", "given-names"}) for author in CITATION["authors"])
    assert len(set(CITATION["keywords"])) == len(CITATION["keywords"])


def test_it_is_about_this_package() -> None:
    assert CITATION["version"] == samaritan.__version__
    assert CITATION["license"] == "Apache-2.0"
    assert CITATION["title"].startswith("samaritan")


def test_references_can_be_cited() -> None:
    for one in CITATION["references"]:
        assert {"type", "title", "authors"} <= set(one) <= OF_A_REFERENCE
        assert re.fullmatch(r"10\.\d{4,9}/[\w:/;.()\[\]\\-]+", one["doi"])
        assert all(set(author) == {"family-names", "given-names"} for author in one["authors"])
