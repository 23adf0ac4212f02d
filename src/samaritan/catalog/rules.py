"""Tags from titles, by the rules of ``data/rules.yaml`` and the reviewed ``data/overrides.yaml``."""

from __future__ import annotations

import re
from functools import cache

from samaritan.catalog._data import read
from samaritan.catalog.record import Tags

#: The facet whose names contain each other: "SAM" stands in "MedSAM".
_NESTED = "base_model"


def derived(title: str) -> Tags:
    """What the rules alone say of a title."""
    return Tags(**{facet: _words(facet, title) for facet in Tags.model_fields})


def tags_of(key: str, title: str) -> Tags:
    """What the rules say, with the facets replaced that a person has decided for this paper."""
    decided = overrides().get(key, {})
    return derived(title).model_copy(update={facet: tuple(words) for facet, words in decided.items()})


@cache
def overrides() -> dict[str, dict[str, list[str]]]:
    """Key -> facet -> words that stand in place of what the rules say."""
    decided: dict[str, dict[str, list[str]]] = read("overrides") or {}
    return decided


@cache
def _rules() -> dict[str, dict[str, re.Pattern[str]]]:
    written: dict[str, dict[str, str]] = read("rules")
    return {
        facet: {word: re.compile(pattern.replace("~", "[ -]?"), re.IGNORECASE) for word, pattern in words.items()}
        for facet, words in written.items()
    }


def _words(facet: str, title: str) -> tuple[str, ...]:
    found = []
    for word, pattern in _rules()[facet].items():
        if pattern.search(title):
            found.append(word)
            if facet == _NESTED:
                title = pattern.sub("=", title)
    return tuple(sorted(found))
