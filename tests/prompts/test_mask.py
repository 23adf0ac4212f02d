from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet
from samaritan.prompts import make_prompt

Mask = NDArray[np.bool_]


def first(text: str, ref: Mask, seed: int = 0) -> list[PromptSet]:
    return make_prompt(text).first(ref, np.random.default_rng(seed))


def hint(text: str, ref: Mask) -> Mask:
    (prompt,) = first(text, ref)
    assert prompt.mask is not None
    assert prompt.mask.frame == "image"
    return np.asarray(prompt.mask.logits > 0)


def test_as_many_cells_as_pixels_is_the_reference(blocks: Mask) -> None:
    assert (hint("mask:cells=60", blocks) == blocks).all()


def test_cells_take_the_majority() -> None:
    ref = np.zeros((8, 6), dtype=bool)
    ref[0:3, 0:2] = True  # cells of 2 x 2: the second column of cells is half full
    expected = np.zeros_like(ref)
    expected[0:4, 0:2] = True
    assert (hint("mask:cells=4", ref) == expected).all()


def test_a_tiny_target_keeps_its_fullest_cell() -> None:
    ref = np.zeros((64, 64), dtype=bool)
    ref[33, 50] = True
    expected = np.zeros_like(ref)
    expected[32:48, 48:64] = True
    assert (hint("mask:cells=4", ref) == expected).all()


def test_grow_by_hand(blocks: Mask) -> None:
    square = np.zeros_like(blocks)
    square[40:49, 20:29] = True
    grown = hint("mask:cells=60,grow=2", square)
    assert grown[38, 24]
    assert not grown[37, 24]
    assert not grown[38, 18]  # the corner is sqrt(8) away
    shrunk = np.zeros_like(blocks)
    shrunk[42:47, 22:27] = True
    assert (hint("mask:cells=60,grow=-2", square) == shrunk).all()
    assert hint("mask:cells=60,grow=-50", square).sum() == 1
