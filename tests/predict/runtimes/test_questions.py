"""Pictures and prompts of the gate: the same on every machine, and hard enough."""

from __future__ import annotations

import numpy as np
import pytest

from samaritan.predict.runtimes._questions import LEAST, SIDES, questions


def test_the_same_questions_every_time() -> None:
    first = questions(1, None, 4)
    questions.cache_clear()
    again = questions(1, None, 4)
    assert first is not again
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.picture, other.picture)
        assert [kind for kind, _ in one.prompts] == [kind for kind, _ in other.prompts]
        for (_, prompt), (_, same) in zip(one.prompts, other.prompts, strict=True):
            for a, b in ((prompt.box, same.box), (prompt.points, same.points)):
                assert repr(a) == repr(b)


def test_regions_come_behind_what_is_labelled() -> None:
    plain, more = questions(3, "liver"), questions(3, "liver", 4)
    for one, other in zip(plain, more, strict=True):
        assert [kind for kind, _ in other.prompts] == [kind for kind, _ in one.prompts] + ["region"] * 4
        assert {prompt.text for _, prompt in other.prompts} == {"liver"}


def test_regions_lie_on_the_picture_and_differ() -> None:
    sides = []
    for question in questions(3, None, 8):
        shape = np.array(question.picture.shape[:2])
        boxes = [prompt.box for kind, prompt in question.prompts if kind == "region" and prompt.box is not None]
        assert len({(*box.lo, *box.hi) for box in boxes}) == 8
        for box in boxes:
            assert (box.lo[:2] >= 0).all()
            assert (box.hi[:2] <= shape - 1).all()
            assert (box.hi[:2] - box.lo[:2] >= LEAST).all()
            inside = question.picture[int(box.lo[0]) : int(box.hi[0]) + 1, int(box.lo[1]) : int(box.hi[1]) + 1]
            assert inside.max() > 0
            sides.append(float((box.hi - box.lo).max() / shape.max()))
    assert min(sides) < 0.1
    assert 0.2 < max(sides) <= SIDES[1] * 2


@pytest.mark.parametrize("count", [1, 4])
def test_as_many_pictures_as_asked(count: int) -> None:
    found = questions(count)
    assert len({question.name for question in found}) == count
