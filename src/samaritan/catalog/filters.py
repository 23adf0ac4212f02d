"""What papers may be asked for beside words: months, code, tags."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from samaritan.catalog.record import Paper, Tags
from samaritan.core.errors import UnknownNameError, UsageError

#: The facets of tags, as they are called in a record.
FACETS = tuple(Tags.model_fields)

_MONTH = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2]))?")


@dataclass(frozen=True)
class Filters:
    """Conditions that a paper must meet, all of them.

    Attributes:
        since: first month, ``2024-06``, or a year from its January on.
        until: last month, or a year to its December.
        with_code: only with a link to code.
        without_code: only without one.
        implemented: only those that an entry of this package rests on.
        tags: facet -> words, any of which will do.

    Raises:
        UsageError: a month is none, since lies after until, or code is asked for and excluded.
    """

    since: str | None = None
    until: str | None = None
    with_code: bool = False
    without_code: bool = False
    implemented: bool = False
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "since", _month(self.since, "since", "01"))
        object.__setattr__(self, "until", _month(self.until, "until", "12"))
        if self.since and self.until and self.since > self.until:
            raise UsageError(f"since {self.since} lies after until {self.until}; exchange them.")
        if self.with_code and self.without_code:
            raise UsageError("No paper is both with code and without; ask for one of them.")
        if unknown := set(self.tags) - set(FACETS):
            raise UsageError(f"There is no facet {min(unknown)!r}; the facets are {', '.join(FACETS)}.")

    def fits(self, paper: Paper) -> bool:
        """Whether a paper meets all conditions."""
        if (self.since and paper.month < self.since) or (self.until and paper.month > self.until):
            return False
        if (self.with_code and paper.code is None) or (self.without_code and paper.code is not None):
            return False
        if self.implemented and not paper.implemented:
            return False
        return all(set(words) & set(getattr(paper.tags, facet)) for facet, words in self.tags.items() if words)


def checked_words(facet: str, given: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """Words of one facet, of which each may be several with commas between them.

    Raises:
        UnknownNameError: one is not in the vocabulary; the message has the nearest, or all.
    """
    known = sorted(allowed)
    words = [word for text in given for word in (part.strip().lower() for part in text.split(",")) if word]
    for word in words:
        if word not in known:
            near = difflib.get_close_matches(word, known, n=3, cutoff=0.6)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            name = facet.replace("_", "-")
            raise UnknownNameError(f"There is no {name} {word!r}; {hint}allowed are {', '.join(known)}.")
    return tuple(dict.fromkeys(words))


def _month(text: str | None, name: str, month: str) -> str | None:
    if text is None:
        return None
    found = _MONTH.fullmatch(text.strip())
    if not found:
        raise UsageError(f"{name} is a month such as 2024-06 or a year such as 2024; received {text!r}.")
    return f"{found[1]}-{found[2] or month}"
