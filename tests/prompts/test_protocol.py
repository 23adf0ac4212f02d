from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet
from samaritan.prompts import make_prompt

Mask = NDArray[np.bool_]


def first(text: str, ref: Mask, seed: int = 0) -> list[PromptSet]:
    return make_prompt(text).first(ref, np.random.default_rng(seed))


def places(prompt: PromptSet) -> list[list[float]]:
    assert prompt.points is not None
    return [[float(v) for v in place] for place in prompt.points.ijk[:, :2]]


def corners(prompt: PromptSet) -> list[float]:
    assert prompt.box is not None
    return [*prompt.box.lo[:2].tolist(), *prompt.box.hi[:2].tolist()]


def test_mazurowski_by_hand(blocks: Mask) -> None:
    modes = {mode: first(f"mazurowski:{mode}", blocks) for mode in range(1, 6)}
    assert [places(p) for p in modes[1]] == [[[44, 24]]]
    assert [places(p) for p in modes[2]] == [[[44, 24], [5, 33], [12, 4]]]  # three clicks, one question
    assert [corners(p) for p in modes[3]] == [[40, 20, 48, 28]]
    assert [corners(p) for p in modes[4]] == [[40, 20, 48, 28], [2, 30, 8, 36], [10, 2, 14, 6]]
    assert [corners(p) for p in modes[5]] == [[2, 2, 57, 36]]
    assert {make_prompt(f"mazurowski:{mode}").candidates for mode in range(1, 6)} == {"first"}
    assert make_prompt("mazurowski:4:oracle").candidates == "oracle"


def test_huang_by_hand(blocks: Mask) -> None:
    square = np.zeros_like(blocks)
    square[40:49, 20:29] = True
    modes = {mode: first(f"huang:S{mode}", square) for mode in range(1, 7)}
    assert len(modes[1]) == 32 * 32
    assert places(modes[2][0]) == [[44, 24]]
    for mode, positive, negative in ((3, 5, 0), (4, 5, 5)):
        points = modes[mode][0].points
        assert points is not None
        assert places(modes[mode][0])[0] == [44, 24]
        assert points.labels.tolist() == [1] * positive + [0] * negative
        outside = points.ijk[points.labels == 0, :2]
        assert ((outside >= [35, 15]) & (outside <= [53, 33])).all()  # the box of 9 x 9, twice as large
    assert corners(modes[5][0]) == [40, 20, 48, 28]
    assert (corners(modes[6][0]), places(modes[6][0])) == ([40, 20, 48, 28], [[44, 24]])
    assert {make_prompt(f"huang:S{mode}").candidates for mode in range(1, 7)} == {"oracle"}
    assert [make_prompt(f"huang:S{mode}").shared for mode in (1, 2)] == [True, False]
