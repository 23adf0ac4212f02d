from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet
from samaritan.prompts import make_prompt

Mask = NDArray[np.bool_]


def first(text: str, ref: Mask, seed: int = 0) -> list[PromptSet]:
    return make_prompt(text).first(ref, np.random.default_rng(seed))


def test_points_counts_and_small_masks() -> None:
    pair = np.zeros((6, 5), dtype=bool)
    pair[2, 3] = pair[3, 3] = True
    (prompt,) = first("points:5+4", pair)
    assert prompt.points is not None
    assert prompt.points.labels.tolist() == [1, 1, 0, 0, 0, 0]
    (filled,) = first("points:3+4", np.ones((4, 4), dtype=bool))
    assert filled.points is not None
    assert filled.points.labels.tolist() == [1, 1, 1]
