"""Tags from titles, by the rules of ``data/rules.yaml`` and the reviewed ``data/overrides.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from samaritan.catalog._data import read
from samaritan.catalog.record import Tags

#: The facet whose names contain each other: "SAM" stands in "MedSAM".
_NESTED = "base_model"


#: Facet -> word -> what a title says that has it.
Rules = Mapping[str, Mapping[str, re.Pattern[str]]]


def derived(title: str, rules: Rules | None = None) -> Tags:
    """What the rules alone say of a title; other ones than the catalogue's where they are given."""
    rules = rules or _rules()
    return Tags(**{facet: _words(facet, title, rules[facet]) for facet in Tags.model_fields})


def compiled(written: Mapping[str, Mapping[str, str]]) -> Rules:
    """Rules as they are written: expressions in which ``~`` stands for a blank, a hyphen or nothing, in any case of letters."""
    return {
        facet: {word: re.compile(pattern.replace("~", "[ -]?"), re.IGNORECASE) for word, pattern in words.items()}
        for facet, words in written.items()
    }


def tags_of(key: str, *titles: str) -> Tags:
    """What the rules say of all titles of a paper, with the facets replaced that a person has decided for it."""
    told = [derived(title) for title in titles]
    found = {facet: sorted({word for tags in told for word in getattr(tags, facet)}) for facet in Tags.model_fields}
    return Tags(**{facet: tuple(words) for facet, words in (found | overrides().get(key, {})).items()})


@cache
def overrides() -> dict[str, dict[str, list[str]]]:
    """Key -> facet -> words that stand in place of what the rules say."""
    decided: dict[str, dict[str, list[str]]] = read("overrides") or {}
    return decided


@cache
def _rules() -> Rules:
    return compiled(read("rules"))


def _words(facet: str, title: str, rules: Mapping[str, re.Pattern[str]]) -> tuple[str, ...]:
    found = []
    for word, pattern in rules.items():
        if pattern.search(title):
            found.append(word)
            if facet == _NESTED:
                title = pattern.sub("=", title)
    return tuple(sorted(found))
