"""Embeddings that a predictor holds for the next question."""

from __future__ import annotations

import mmap
import threading
from collections import OrderedDict
from collections.abc import Mapping
from itertools import count
from typing import Protocol

import torch
from torch import Tensor

from samaritan.core import Window
from samaritan.models._base import Embedding

#: A slice, and the part of it that was encoded; None is all of it.
Key = tuple[int, Window | None]

#: Embeddings of parts of pictures may take this many bytes: those of some 250 targets of one slice with SAM.
PART_BYTES = 2**30


class Held(Protocol):
    """Where a predictor looks for what it has encoded, and puts it."""

    def get(self, key: Key) -> Embedding | None:
        """What is held, used last from now on."""
        ...

    def add(self, new: Mapping[Key, Embedding]) -> None:
        """Hold the embeddings of one stack, all whole or all parts; they are held at least until the next ones come."""
        ...


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


class EmbeddingPool:
    """One limit for all that several predictors hold: the least recently used goes first, whosever it is.

    What is held lies in memory of its own, outside the heap: megabytes that stay for minutes between the activations of a
    network, which come and go, would break the heap into pieces, and the process would grow. One thread may encode ahead while
    another takes what is held.

    Args:
        most_bytes: of all embeddings; those that were added last are held whatever their size.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._held: OrderedDict[tuple[int, Key], Embedding] = OrderedDict()
        self._bytes = 0
        self._owners = count()
        self._lock = threading.Lock()

    def part(self) -> Held:
        """For one more predictor."""
        return _Part(self, next(self._owners))

    def clear(self) -> None:
        """Hold nothing any more."""
        with self._lock:
            self._held.clear()
            self._bytes = 0

    def get(self, owner: int, key: Key) -> Embedding | None:
        """What is held for one of them, used last from now on."""
        with self._lock:
            if (owner, key) in self._held:
                self._held.move_to_end((owner, key))
            return self._held.get((owner, key))

    def add(self, owner: int, new: Mapping[Key, Embedding]) -> None:
        """Hold what one of them encoded, and drop what is too much."""
        own = {(owner, key): _apart(embedding) for key, embedding in new.items()}
        with self._lock:
            for place, embedding in own.items():
                earlier = self._held.pop(place, None)
                self._bytes += _size(embedding) - (0 if earlier is None else _size(earlier))
                self._held[place] = embedding
            while len(self._held) > len(new) and self._bytes > self._most:
                self._bytes -= _size(self._held.popitem(last=False)[1])


class _Part:
    """A predictor's part of a pool."""

    def __init__(self, pool: EmbeddingPool, owner: int) -> None:
        self._pool = pool
        self._owner = owner

    def get(self, key: Key) -> Embedding | None:
        return self._pool.get(self._owner, key)

    def add(self, new: Mapping[Key, Embedding]) -> None:
        self._pool.add(self._owner, new)


def _apart(embedding: Embedding) -> Embedding:
    """The same values in pages that are given back to the system as soon as nobody holds them."""
    return Embedding({name: _copy(tensor) for name, tensor in embedding.features.items()}, embedding.shape)


def _copy(tensor: Tensor) -> Tensor:
    if tensor.device.type != "cpu" or not tensor.numel():
        return tensor
    pages = mmap.mmap(-1, tensor.numel() * tensor.element_size())
    return torch.frombuffer(pages, dtype=tensor.dtype).view(tensor.shape).copy_(tensor)


def _size(embedding: Embedding) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in embedding.features.values())
