"""Embeddings that a predictor holds for the next question."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from samaritan.core import Window
from samaritan.models._base import Embedding

#: A slice, and the part of it that was encoded; None is all of it.
Key = tuple[int, Window | None]

#: Embeddings of parts of pictures may take this many bytes: those of some 250 targets of one slice with SAM.
PART_BYTES = 2**30


class Embeddings:
    """The least recently used goes first.

    Args:
        keep: how many embeddings of whole pictures are held.
        part_bytes: what those of parts may take; the last one is held whatever its size.
    """

    def __init__(self, keep: int, part_bytes: int = PART_BYTES) -> None:
        self._keep = keep
        self._part_bytes = part_bytes
        self._whole: OrderedDict[Key, Embedding] = OrderedDict()
        self._parts: OrderedDict[Key, Embedding] = OrderedDict()

    def get(self, key: Key) -> Embedding | None:
        """What is held, used last from now on."""
        store = self._store(key)
        if key in store:
            store.move_to_end(key)
        return store.get(key)

    def add(self, new: Mapping[Key, Embedding]) -> None:
        """Hold the embeddings of one stack, all whole or all parts, and drop what is too much."""
        for key, embedding in new.items():
            self._store(key)[key] = embedding
        while len(self._whole) > self._keep:
            self._whole.popitem(last=False)
        while len(self._parts) > len(new) and sum(map(_size, self._parts.values())) > self._part_bytes:
            self._parts.popitem(last=False)

    def _store(self, key: Key) -> OrderedDict[Key, Embedding]:
        return self._whole if key[1] is None else self._parts


def _size(embedding: Embedding) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in embedding.features.values())
