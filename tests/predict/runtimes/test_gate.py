"""What passes the gate, and what is looked at."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from samaritan.core import Box, PromptSet
from samaritan.models import Embedding, Prediction
from samaritan.models._sam import SamSegmenter
from samaritan.predict.runtimes import _gate
from samaritan.predict.runtimes._gate import FAST_MEAN, FAST_WORST, SMALLEST, Kind, Reference, Verdict, judge
from samaritan.predict.runtimes._questions import Question

SHAPE = (20, 30)


class Answers(SamSegmenter):
    """Gives made-up masks, a list for each picture."""

    def __init__(self, masks: list[list[NDArray[np.bool_]]]) -> None:
        self._masks, self._at = masks, -1

    def encode(self, _picture: NDArray[np.float32]) -> Embedding:
        self._at += 1
        return Embedding({"image": torch.ones(1, 1, 2, 2)}, SHAPE)

    def decode(self, _embedding: Embedding, prompts: object, multimask: bool = False) -> list[Prediction]:
        return [_Answer(mask) for mask in self._masks[self._at]]  # type: ignore[misc]


class _Answer:
    def __init__(self, mask: NDArray[np.bool_]) -> None:
        self.masks = mask[None]


def _mask(pixels: int) -> NDArray[np.bool_]:
    return (np.arange(SHAPE[0] * SHAPE[1]) < pixels).reshape(SHAPE)


def _verdict(expected: list[list[int]], given: list[list[int]], kind: Kind, *, whole: bool = False) -> Verdict:
    prompts = PromptSet(box=Box([0, 0], [9, 9]))
    references = [
        Reference(
            Question(f"picture {number}", np.zeros((*SHAPE, 3), np.float32), (("box", prompts),) * len(sizes)),
            Embedding({"image": torch.ones(1, 1, 2, 2)}, SHAPE),
            np.stack([_mask(size) for size in sizes]),
        )
        for number, sizes in enumerate(expected)
    ]
    return judge(Answers([[_mask(size) for size in sizes] for sizes in given]), references, kind, whole=whole)


def test_exact_looks_at_every_mask_and_fast_not_at_specks() -> None:
    expected, given = [[200, 3, 0]], [[200, 4, 0]]
    exact, fast = (_verdict(expected, given, kind) for kind in ("exact", "fast"))
    assert (exact.masks, exact.passes("exact")) == (3, False)
    assert exact.worst == pytest.approx(6 / 7)
    assert (fast.masks, fast.worst, fast.passes("fast")) == (1, 1.0, True)
    appeared = _verdict([[200, 0]], [[200, SMALLEST]], "fast")
    assert (appeared.masks, appeared.worst, appeared.passes("fast")) == (2, 0.0, False)


def test_it_ends_where_a_mask_fails() -> None:
    expected, given = [[100], [100], [100]], [[100], [80], [100]]
    short, whole = (_verdict(expected, given, "fast", whole=whole) for whole in (False, True))
    assert short.pictures == ("picture 0", "picture 1")
    assert (short.worst, short.at) == (whole.worst, whole.at)
    assert short.worst == pytest.approx(160 / 180)
    assert short.at == "picture 1, box"
    assert len(whole.pictures) == whole.masks == 3
    assert not short.passes("fast")


def test_what_fast_asks_for_is_more_than_it_promises() -> None:
    assert pytest.approx(0.995) == FAST_MEAN
    assert _verdict([[100, 100]], [[100, 99]], "fast").passes("fast")
    low = _verdict([[100, 100]], [[98, 98]], "fast")  # mean 0.9899
    assert (low.passes("fast"), low.worst > FAST_WORST) == (False, True)
    assert not Verdict(1.0, 1.0, 0).passes("fast")


def test_every_kind_asks_for_something() -> None:
    assert set(_gate.ASKED) == set(_gate.FLOORS) == {"exact", "fast"}
    assert _gate.ASKED["fast"][1] > 0
