"""Ranked full-text search over papers, with filters."""

from __future__ import annotations

import difflib
import sqlite3
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from samaritan.catalog.arxiv import NUMBER
from samaritan.catalog.filters import Filters
from samaritan.catalog.record import Paper
from samaritan.catalog.words import NARROWER, SAME, STOP, joined, tokens
from samaritan.core.errors import ResourceError, UsageError

#: Columns of the index and what a hit in them is worth. "joined" holds the compounds of the title as one word, "names" what
#: people call the work where its title does not: its repository, and the models and methods of this package that rest on it.
COLUMNS = {"key": 6.0, "title": 10.0, "joined": 8.0, "names": 16.0, "authors": 6.0, "venue": 2.0, "tags": 4.0}

#: From so many letters on, a word finds those that begin with it; shorter ones are names of methods and modalities.
PREFIX = 4

#: So many neighbouring words of a question may be one word in a title: ``med sam 2`` and MedSAM2.
GLUED = 3

#: For so many words of a question that no paper has, a word that is like it is looked for.
MOST_MEANT = 5

#: A question of more words is a text; the summary of a paper has fewer.
MOST_WORDS = 500


@dataclass(frozen=True)
class _Unit:
    """One thing that a question asks for.

    Attributes:
        said: how the person said it.
        phrases: words in a row, any of which will do.
        open: whether longer words that begin like the last one will do, too.
    """

    said: str
    phrases: tuple[tuple[str, ...], ...]
    open: bool

    def expression(self) -> str:
        """In the language of FTS5; every word is quoted, so that none can be taken for an operator."""
        parts = []
        for phrase in dict.fromkeys(self.phrases):
            star = "*" if self.open and len(phrase[-1]) >= PREFIX else ""
            parts.append(f'"{" ".join(phrase)}"{star}')
        return f"({' OR '.join(parts)})"


class Index:
    """An index of papers in memory; making it takes milliseconds.

    Args:
        papers: what is searched.

    Raises:
        ResourceError: this Python's SQLite has no full-text search.
    """

    def __init__(self, papers: Iterable[Paper]) -> None:
        self._papers = list(papers)
        self._base = sqlite3.connect(":memory:", check_same_thread=False)
        try:
            self._base.execute(f"CREATE VIRTUAL TABLE papers USING fts5({', '.join(COLUMNS)}, detail=full)")
        except sqlite3.OperationalError as error:
            raise ResourceError(
                f"The SQLite of this Python has no full-text search ({error}); install one with FTS5."
            ) from error
        rows = ((number, *_texts(paper)) for number, paper in enumerate(self._papers))
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        self._base.executemany(f"INSERT INTO papers(rowid, {', '.join(COLUMNS)}) VALUES ({marks})", rows)  # noqa: S608 - names of ours

    def search(
        self, query: str = "", filters: Filters | None = None, *, any_word: bool = False, limit: int | None = None
    ) -> list[Paper]:
        """Papers that have all words of the query and pass the filters, the best first.

        A word also stands for its other names (us, ultrasound), its plural, words that begin with it (from four letters on) and
        its other spellings (few-shot, fewshot, few shot); words in double quotes must follow each other. An empty query
        lists every paper that passes the filters, the newest first.

        Args:
            query: words in any form; nothing in them is an operator but double quotes.
            filters: see :class:`Filters`.
            any_word: papers with one word will do; those with more come first.
            limit: at most so many; None gives all.

        Raises:
            UsageError: the query has no letter and no digit, or more than :data:`MOST_WORDS` words; or a filter asks for what
                does not exist.
        """
        found = self._matching(query, any_word=any_word) if query.strip() else sorted(self._papers, key=_newest_first)
        if filters is not None:
            found = [paper for paper in found if filters.fits(paper)]
        return found if limit is None else found[:limit]

    def explain(self, query: str) -> dict[str, int]:
        """How many papers have each part of a query, in the order of the query."""
        return {unit.said: len(self._rows(unit.expression())) for unit in _units(query)}

    def meant(self, counts: Mapping[str, int]) -> dict[str, str]:
        """Words that no paper has -> the word of the papers with the same first letter that is most like each, where one is."""
        words = sorted({word for paper in self._papers for text in _texts(paper) for word in text.split()})
        missing = [said for said, number in counts.items() if not number][:MOST_MEANT]
        found = {said: difflib.get_close_matches(said, _like(said, words), n=1, cutoff=0.75) for said in missing}
        return {said: near[0] for said, near in found.items() if near}

    def _matching(self, query: str, *, any_word: bool) -> list[Paper]:
        parts = [unit.expression() for unit in _units(query)]
        words = Counter(row for part in parts for row, _ in self._rows(part)) if any_word else Counter[int]()
        found = self._rows((" OR " if any_word else " AND ").join(parts))
        ranked = sorted((-words[row], round(score, 6), *_newest_first(self._papers[row]), row) for row, score in found)
        return [self._papers[place[-1]] for place in ranked]

    def _rows(self, expression: str) -> list[tuple[int, float]]:
        weights = ", ".join(map(str, COLUMNS.values()))
        return self._base.execute(
            f"SELECT rowid, bm25(papers, {weights}) FROM papers WHERE papers MATCH ?",  # noqa: S608 - numbers of ours
            (expression,),
        ).fetchall()


def search(
    papers: Iterable[Paper],
    query: str = "",
    filters: Filters | None = None,
    *,
    any_word: bool = False,
    limit: int | None = None,
) -> list[Paper]:
    """One search over ``papers``; see :meth:`Index.search`, which is quicker where there are several."""
    return Index(papers).search(query, filters, any_word=any_word, limit=limit)


def _texts(paper: Paper) -> tuple[str, ...]:
    """The words of a paper, column by column."""
    tags = " ".join(word for words in paper.tags.model_dump().values() for word in words)
    by_column = {
        "key": " ".join((*paper.keys, *tokens(paper.arxiv or ""))),
        "names": " ".join(_names_of(paper)),
        "title": " ".join(word for title in paper.titles for word in tokens(title)),
        "joined": " ".join(word for title in paper.titles for word in joined(title)),
        "authors": " ".join(token for author in paper.authors for token in (*tokens(author), *joined(author))),
        "venue": " ".join(tokens(paper.venue or "")),
        "tags": " ".join((*tokens(tags), *joined(tags))),
    }
    return tuple(by_column[name] for name in COLUMNS)


def _like(said: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word[0] == said[0]]


def _names_of(paper: Paper) -> list[str]:
    """Each name as one word: of the many words of some repositories none is what the paper is about."""
    repository = str(paper.code).rstrip("/").rpartition("/")[2] if paper.code else ""
    called = (one.name for one in paper.implemented if one.room in ("models", "adapt"))
    return ["".join(tokens(name)) for name in (repository, *called)]


def _newest_first(paper: Paper) -> tuple[int, str]:
    return -int(paper.month.replace("-", "")), paper.key


def _units(query: str) -> list[_Unit]:
    """What a question asks for.

    Raises:
        UsageError: nothing in it is a word, or too much.
    """
    units: list[_Unit] = []
    query = NUMBER.sub(r"\1", query)
    if (length := len(tokens(query))) > MOST_WORDS:
        raise UsageError(f"The query has {length} words; give at most {MOST_WORDS}.")
    for number, piece in enumerate(query.split('"')):
        words = tokens(piece)
        if number % 2 and words:  # between quotes
            units.append(_Unit(" ".join(words), (tuple(words),), open=False))
        else:
            units += _loose(words)
    told = list(dict.fromkeys(unit for unit in units if unit.said not in STOP)) or units
    if not told:
        raise UsageError(
            f"The query {textwrap.shorten(repr(query), 80)} has no letter and no digit; give words such as 'ultrasound lora'."
        )
    return told


def _loose(words: Sequence[str]) -> list[_Unit]:
    units: list[_Unit] = []
    place = 0
    while place < len(words):
        length = next((n for n in range(_LONGEST, 0, -1) if tuple(words[place : place + n]) in _NAMES), 0)
        said = tuple(words[place : place + (length or 1)])
        units.append(_Unit(" ".join(said), (*_NAMES.get(said, (said,)), *_glued(words, place, len(said))), open=True))
        place += len(said)
    return units


def _glued(words: Sequence[str], place: int, length: int) -> list[tuple[str, ...]]:
    """The words at ``place`` together with their neighbours, as one word."""
    runs = [
        (start, end)
        for start in range(max(0, place - GLUED + 1), place + 1)
        for end in range(max(place + length, start + 2), min(len(words), start + GLUED) + 1)
    ]
    return [("".join(words[start:end]),) for start, end in runs if not STOP.intersection(words[start:end])]


def _names() -> dict[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Every name in words -> all names of the same thing, itself first."""
    names = {}
    for group in SAME:
        phrases = [tuple(tokens(name)) for name in group]
        narrower = [tuple(tokens(name)) for name in NARROWER.get(group[0], ())]
        for phrase in phrases:
            names[phrase] = tuple(dict.fromkeys((phrase, *phrases, *narrower)))
    return names


_NAMES = _names()
_LONGEST = max(map(len, _NAMES))
