"""Whether two titles are those of one paper."""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from samaritan.catalog.record import Paper
from samaritan.catalog.words import STOP, fold, tokens

#: Titles that agree to this share are taken for one paper's. Revised titles of one paper lie above; papers of one group that
#: differ in a word that counts ("CT" and "MR") are told apart by that word.
ALIKE = 0.9

#: Words that make another paper of a title, wherever they stand.
_TELLING = re.compile(r"\d|^(?:ct|mri?|us|pet|octa?|2d|3d|i|ii|iii|iv|v)$")

#: Words that a key is not named by.
_UNTELLING = STOP | {"towards", "toward", "using", "can", "when"}


def similarity(one: str, other: str) -> float:
    """How much two titles agree, 0 to 1: the share of letters in the same order, where no telling word differs."""
    first, second = _read(one), _read(other)
    shorter, longer = sorted((len(first.text), len(second.text)))
    if 2 * shorter < ALIKE * (shorter + longer) or first.telling != second.telling:
        return 0.0
    if 2 * len(first.words & second.words) < max(len(first.words), len(second.words)):
        return 0.0
    if 2 * sum(map(min, first.letters, second.letters)) < ALIKE * (shorter + longer):
        return 0.0  # as many letters in any order would not do; this is a hundred times as quick
    return SequenceMatcher(None, first.text, second.text, autojunk=False).ratio()


def twin_of(title: str, papers: Iterable[Paper], *, arxiv: str | None = None, doi: str | None = None) -> Paper | None:
    """The paper that has this title, up to small differences, or the most alike of several; None where there is none.

    One number (arXiv, DOI) makes papers one where their titles share half of the shorter one's words: lists have wrong links.
    """
    best, found = ALIKE, None
    for paper in papers:
        if same_number(paper, arxiv, doi) and any(_related(title, other) for other in paper.titles):
            return paper
        if (alike := max(similarity(title, other) for other in paper.titles)) >= best:
            best, found = alike, paper
            if alike == 1:
                break
    return found


def same_number(paper: Paper, arxiv: str | None, doi: str | None) -> bool:
    """Whether a paper has this arXiv number or this DOI."""
    return bool((arxiv and paper.arxiv == arxiv) or (doi and paper.doi and paper.doi.lower() == doi.lower()))


def twins(papers: Iterable[Paper]) -> list[tuple[Paper, Paper]]:
    """Pairs of papers that are one by title or number."""
    seen: list[Paper] = []
    pairs = []
    for paper in papers:
        if (other := twin_of(paper.title, seen, arxiv=paper.arxiv, doi=paper.doi)) is not None:
            pairs.append((other, paper))
        seen.append(paper)
    return pairs


def key_for(title: str, author: str, year: str, taken: Iterable[str] = ()) -> str:
    """A new key: surname of the first author, year, first telling word of the title; a letter behind it where it is taken."""
    surname = _ascii(author.split(",", maxsplit=1)[0] if "," in author else (author.split() or [""])[-1]) or "anonymous"
    words = [word for word in map(_ascii, re.split(r"[^\w.]+", title)) if word and word not in _UNTELLING]
    stem = f"{re.sub(r'[^a-z]', '', surname)[:40] or 'anonymous'}{year}{words[0][:40] if words else 'untitled'}"
    known = set(taken)
    endings: Iterable[str] = itertools.chain(("", *string.ascii_lowercase[1:]), map(str, itertools.count(27)))
    return next(stem + ending for ending in endings if stem + ending not in known)


def _related(one: str, other: str) -> bool:
    first, second = _read(one).words - STOP, _read(other).words - STOP
    return 2 * len(first & second) >= min(len(first), len(second))


class _Title(NamedTuple):
    text: str
    words: frozenset[str]
    telling: frozenset[str]
    letters: tuple[int, ...]


@lru_cache(maxsize=16384)
def _read(title: str) -> _Title:
    words = tokens(title)
    marks = re.findall(r"\+{2,}", title)  # SAM++ is not SAM
    text = " ".join(words)
    counts = [text.count(letter) for letter in string.ascii_lowercase]
    letters = (*counts, len(text) - sum(counts))  # how often each letter, and how many others
    return _Title(text, frozenset(words), frozenset([*filter(_TELLING.search, words), *marks]), letters)


def _ascii(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(text))
