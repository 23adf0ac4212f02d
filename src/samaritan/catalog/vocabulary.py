"""The words that tags are made of, and what they mean (``data/vocabulary.yaml``)."""

from __future__ import annotations

from functools import cache

from samaritan.catalog._data import read


@cache
def vocabulary() -> dict[str, dict[str, str]]:
    """Facet -> word -> meaning, in the order of the file."""
    words: dict[str, dict[str, str]] = read("vocabulary")
    return words
