from __future__ import annotations

import numpy as np

from samaritan.predict._patch import Patch
from samaritan.predict.propagate import Rules
from samaritan.predict.propagate._questions import questions_after

RULES = Rules(margin=0.1, margin_px=1, part=0.2)


def patch_of(*boxes: tuple[int, int, int, int], shape: tuple[int, int] = (60, 50)) -> Patch:
    logits = np.full(shape, -9, np.float32)
    for x0, y0, x1, y1 in boxes:
        logits[x0 : x1 + 1, y0 : y1 + 1] = 5
    return Patch.of(logits)


def test_box_has_the_margin_of_its_side_or_the_least_in_pixels() -> None:
    (prompt,) = questions_after(patch_of((10, 20, 39, 24)), RULES, ("box",))
    assert prompt.box is not None
    assert prompt.box.lo.tolist() == [7, 19, 0]
    assert prompt.box.hi.tolist() == [42, 25, 0]
    assert prompt.points is None
    assert prompt.mask is None


def test_box_stays_inside_the_picture() -> None:
    (prompt,) = questions_after(patch_of((0, 0, 59, 49)), RULES, ("box",))
    assert prompt.box is not None
    assert prompt.box.lo.tolist() == [0, 0, 0]
    assert prompt.box.hi.tolist() == [59, 49, 0]


def test_each_large_part_is_asked_for_itself() -> None:
    prompts = questions_after(patch_of((2, 2, 11, 11), (30, 30, 35, 35), (50, 5, 51, 6)), RULES, ("box",), "kidney")
    assert [(p.box.lo[:2].tolist(), p.text) for p in prompts if p.box] == [([1, 1], "kidney"), ([29, 29], "kidney")]


def test_weights_are_asked_with_what_they_know() -> None:
    (prompt,) = questions_after(patch_of((10, 20, 20, 24)), RULES, ("box", "points", "mask"))
    assert prompt.points is not None
    assert prompt.points.labels.tolist() == [1]
    x, y, _ = prompt.points.ijk[0]
    assert y == 22
    assert 12 <= x <= 18
    assert prompt.mask is not None
    assert np.array_equal(prompt.mask.logits > 0, patch_of((10, 20, 20, 24)).mask())


def test_nothing_is_asked_after_nothing() -> None:
    assert questions_after(patch_of(), RULES, ("box",)) == ()
