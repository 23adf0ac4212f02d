from __future__ import annotations

import sys
import threading
import time

import torch

from samaritan.core import Window
from samaritan.models._base import Embedding
from samaritan.predict._embeddings import EmbeddingPool, Embeddings

PART = Window((0, 0), (2, 2))


def made(floats: int = 1) -> Embedding:
    return Embedding({"image": torch.zeros(floats)}, (2, 2))


def test_whole_pictures_are_held_by_number_the_least_recently_used_goes_first() -> None:
    held, first = Embeddings(keep=2), made()
    held.add({(0, None): first})
    held.add({(1, None): made()})
    assert held.get((0, None)) is first
    held.add({(2, None): made()})
    assert held.get((1, None)) is None
    assert held.get((0, None)) is first


def test_parts_are_held_by_size_and_do_not_push_out_whole_pictures() -> None:
    held = Embeddings(keep=1, part_bytes=100)
    held.add({(0, None): made()})
    for k in range(5):
        held.add({(k, PART): made(10)})
    assert [held.get((k, PART)) is not None for k in range(5)] == [False, False, False, True, True]
    assert held.get((0, None)) is not None


def test_the_stack_that_was_just_made_is_held_whatever_its_size() -> None:
    held = Embeddings(keep=1, part_bytes=1)
    held.add({(0, PART): made(10), (1, PART): made(10)})
    assert held.get((0, PART)) is not None
    assert held.get((1, PART)) is not None


def valued(value: float) -> Embedding:
    return Embedding({"image": torch.full((1,), float(value))}, (2, 2))


def test_a_pool_has_one_limit_for_all() -> None:
    pool = EmbeddingPool(most_bytes=3 * 4)
    parts = one, other = pool.part(), pool.part()

    def held() -> list[float]:
        keys = [(k, window) for k in range(4) for window in (None, PART)]
        found = [part.get(key) for part in parts for key in keys]
        return [float(embedding.features["image"][0]) for embedding in found if embedding is not None]

    one.add({(0, None): valued(1)})
    other.add({(0, None): valued(2), (0, PART): valued(3)})
    assert held() == [1, 2, 3]
    assert one.get((0, None)) is not None  # used last
    other.add({(1, None): valued(4)})
    assert held() == [1, 3, 4]
    one.add({(0, None): valued(5)})  # in place of the first
    assert held() == [5, 3, 4]
    one.add({(2, None): made(10), (3, None): made(10)})  # too large, but added last
    assert held() == [0, 0]
    pool.clear()
    assert held() == []
    one.add({(0, None): valued(6)})
    other.add({(1, None): valued(7), (2, None): valued(8)})
    assert held() == [6, 7, 8]


def test_what_a_pool_holds_is_a_copy_of_the_same_values() -> None:
    part = EmbeddingPool(most_bytes=10**6).part()
    features = {"a": torch.randn(2, 3, 5).transpose(0, 2), "b": torch.zeros(0), "c": torch.ones(3, dtype=torch.float16)}
    part.add({(0, None): Embedding(features, (7, 9))})
    kept = part.get((0, None))
    assert kept is not None
    assert kept.shape == (7, 9)
    assert all(torch.equal(kept.features[name], tensor) for name, tensor in features.items())
    features["c"].zero_()
    assert kept.features["c"].tolist() == [1, 1, 1]


def test_one_thread_takes_what_another_pushes_out() -> None:
    pool, stop = EmbeddingPool(most_bytes=2 * 4), threading.Event()
    part, keys = pool.part(), [(k, PART) for k in range(4)]

    def push() -> None:
        while not stop.is_set():
            for key in keys:
                part.add({key: made()})

    before, other = sys.getswitchinterval(), threading.Thread(target=push)
    sys.setswitchinterval(1e-6)
    other.start()
    try:
        end, taken = time.monotonic() + 0.5, 0
        while time.monotonic() < end:
            taken += sum(part.get(key) is not None for key in keys)
    finally:
        stop.set()
        other.join()
        sys.setswitchinterval(before)
    assert taken
