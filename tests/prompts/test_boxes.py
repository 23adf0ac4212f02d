from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet
from samaritan.prompts import make_prompt

Mask = NDArray[np.bool_]


def first(text: str, ref: Mask, seed: int = 0) -> list[PromptSet]:
    return make_prompt(text).first(ref, np.random.default_rng(seed))


def corners(prompt: PromptSet) -> list[float]:
    assert prompt.box is not None
    return [*prompt.box.lo[:2].tolist(), *prompt.box.hi[:2].tolist()]


def test_boxes_one_for_each_component(blocks: Mask) -> None:
    assert len(first("boxes", blocks)) == 4
    assert [corners(p) for p in first("boxes:max=2,margin=1px", blocks)] == [[39, 19, 49, 29], [1, 29, 9, 37]]
