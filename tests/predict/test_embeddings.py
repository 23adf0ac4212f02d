from __future__ import annotations

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


def test_a_pool_has_one_limit_for_all() -> None:
    pool = EmbeddingPool(most_bytes=3 * 4)
    one, other = pool.part(), pool.part()
    first = made()
    one.add({(0, None): first})
    other.add({(0, None): made(), (0, PART): made()})
    assert one.get((0, None)) is first
    other.add({(1, None): made()})
    assert other.get((0, None)) is None
    assert [one.get((0, None)), other.get((0, PART)) is None, other.get((1, None)) is None] == [first, False, False]
    one.add({(0, None): made()})  # in place of the first
    assert other.get((0, PART)) is not None
    one.add({(2, None): made(10), (3, None): made(10)})
    assert [other.get((0, PART)), other.get((1, None)), one.get((0, None))] == [None, None, None]
    assert one.get((2, None)) is not None
    assert one.get((3, None)) is not None
    pool.clear()
    assert one.get((3, None)) is None
    one.add({(0, None): first})
    one.add({(1, None): made(), (2, None): made()})
    assert one.get((0, None)) is first
