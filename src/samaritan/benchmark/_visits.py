"""Embeddings of one case, kept while several prompts ask about it, and counted: what each needs, not what it found there."""

from __future__ import annotations

import time

from samaritan.core.store import ArrayStore
from samaritan.models._base import Embedding, Segmenter
from samaritan.predict.cache import EmbeddingCache, Pictures


class Visits(EmbeddingCache):
    """A cache that tells which pictures were asked for.

    Attributes:
        calls: pictures since :meth:`begin` whose embeddings were needed, each counted once.
        seconds: spent since then on finding, reading and writing embeddings.
    """

    def __init__(self, store: ArrayStore, *, half: bool = False) -> None:
        super().__init__(store, half=half)
        self.begin()

    def begin(self) -> None:
        """Forget what was asked for until now; what is kept stays."""
        self._seen: set[str] = set()
        self.calls = 0
        self.seconds = 0.0

    def key(self, segmenter: Segmenter, pictures: Pictures) -> str | None:
        """As the cache does."""
        started = time.perf_counter()
        found = super().key(segmenter, pictures)
        self.seconds += time.perf_counter() - started
        return found

    def read(self, key: str, pictures: Pictures) -> list[Embedding] | None:
        """As the cache does; the pictures count as visited."""
        if key not in self._seen:
            self._seen.add(key)
            self.calls += len(pictures)
        started = time.perf_counter()
        found = super().read(key, pictures)
        self.seconds += time.perf_counter() - started
        return found

    def write(self, key: str, embeddings: list[Embedding]) -> list[Embedding]:
        """As the cache does."""
        started = time.perf_counter()
        kept = super().write(key, embeddings)
        self.seconds += time.perf_counter() - started
        return kept
