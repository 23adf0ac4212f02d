"""The papers that the package carries."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache

from samaritan.catalog._data import read
from samaritan.catalog.record import Paper
from samaritan.catalog.rules import tags_of
from samaritan.core.errors import UnknownNameError


class UnknownPaperError(UnknownNameError):
    """There is no paper of that key or number."""


def unknown_paper(name: str, keys: Iterable[str]) -> UnknownPaperError:
    """The error that says the keys nearest to ``name``."""
    near = difflib.get_close_matches(name.lower(), list(keys), n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else "`samaritan papers WORDS` finds its key."
    return UnknownPaperError(f"There is no paper {name[:200]!r}; {hint}")


class Catalog:
    """Papers by key and by arXiv number.

    Args:
        papers: records whose keys differ.
    """

    def __init__(self, papers: Iterable[Paper]) -> None:
        self.papers = tuple(papers)
        self._by_key = {key: paper for paper in self.papers for key in paper.keys}
        self._by_arxiv = {paper.arxiv: paper for paper in self.papers if paper.arxiv}
        if len(self._by_key) != sum(len(paper.keys) for paper in self.papers):
            raise ValueError("Two papers have the same key.")

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def get(self, key: str) -> Paper:
        """The paper of a key, its own or that of an earlier version.

        Raises:
            UnknownPaperError: there is none; the message has the nearest keys.
        """
        if key in self._by_key:
            return self._by_key[key]
        raise unknown_paper(key, self._by_key)

    def by_arxiv(self, number: str) -> Paper:
        """The paper of an arXiv number such as ``2304.02643``.

        Raises:
            UnknownPaperError: there is none.
        """
        if number in self._by_arxiv:
            return self._by_arxiv[number]
        raise UnknownPaperError(f"There is no paper of arXiv number {number!r} in the catalogue.")


@cache
def load_catalog() -> Catalog:
    """The papers of ``data/papers.yaml``, the newest first, with their tags."""
    records = [Paper.model_validate(record) for record in read("papers")]
    return Catalog(record.model_copy(update={"tags": tags_of(record.key, *record.titles)}) for record in records)
