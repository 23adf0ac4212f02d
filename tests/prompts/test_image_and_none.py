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


def test_image_and_none(blocks: Mask) -> None:
    assert [corners(p) for p in first("image", blocks)] == [[0, 0, 59, 39]]
    (nothing,) = first("none", blocks)
    assert (nothing.points, nothing.box, nothing.mask, nothing.interactions) == (None, None, None, 0)


def test_interactions_are_counted(blocks: Mask) -> None:
    texts = ("box", "boxes", "point", "points:5+5", "box+point", "mask")
    assert [sum(p.interactions for p in first(text, blocks)) for text in texts] == [1, 4, 1, 10, 2, 1]


def test_nobody_is_asked_for_automatic_prompts() -> None:
    texts = ("image", "none", "everything:4", "huang:S1", "box", "clicks:3", "mask", "huang:S5")
    assert [make_prompt(text).automatic for text in texts] == [True] * 4 + [False] * 4
