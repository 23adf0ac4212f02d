from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samaritan.core import UsageError
from samaritan.prompts import make_prompt
from samaritan.prompts._proposals import dice, stability_of, suppress
from samaritan.prompts.everything import Everything

SHAPE = (24, 16)


@dataclass(frozen=True)
class Fake:
    logits: NDArray[np.float32]
    quality: NDArray[np.float32]


def block(x0: int, y0: int, x1: int, y1: int, strength: float = 10.0) -> NDArray[np.float32]:
    logits = np.full(SHAPE, -10.0, np.float32)
    logits[x0 : x1 + 1, y0 : y1 + 1] = strength
    return logits


def answer(*parts: tuple[NDArray[np.float32], float]) -> Fake:
    return Fake(np.stack([p[0] for p in parts]), np.array([p[1] for p in parts], np.float32))


def everything(text: str = "everything") -> Everything:
    strategy = make_prompt(text)
    assert isinstance(strategy, Everything)
    return strategy


def test_grid_covers_the_picture_evenly() -> None:
    prompts = everything("everything:4").first(np.zeros((40, 20), dtype=bool), np.random.default_rng(0))
    places = np.array([p.points.ijk[0, :2] for p in prompts if p.points is not None])
    assert sorted({*places[:, 0].tolist()}) == [4.5, 14.5, 24.5, 34.5]
    assert sorted({*places[:, 1].tolist()}) == [2, 7, 12, 17]
    assert len(places) == 16


def test_stability_by_hand() -> None:
    logits = np.array([[2.0, 0.5, -0.5, -3.0]], np.float32)
    assert stability_of(logits, 1.0) == 1 / 3
    assert stability_of(logits, 0.0) == 1
    assert stability_of(np.full((2, 2), -9.0, np.float32), 1.0) == 0


def test_filters_look_at_every_candidate() -> None:
    answers = [
        answer((block(0, 0, 5, 5), 0.9), (block(10, 2, 14, 9), 0.87), (block(16, 8, 20, 12), 0.95)),
        answer((block(0, 8, 4, 12, 0.5), 0.99), (block(9, 9, 9, 9, -1), 0.99), (block(2, 2, 3, 3), 0.1)),
    ]
    kept = everything().filter(answers)
    assert [p.quality for p in kept] == pytest.approx([0.95, 0.9])  # best first; poor, unstable and empty ones are gone
    assert [p.box.tolist() for p in kept] == [[[16, 8], [20, 12]], [[0, 0], [5, 5]]]
    assert (kept[0].mask(SHAPE) == (block(16, 8, 20, 12) > 0)).all()
    assert len(everything("everything:quality=0,stability=0").filter(answers)) == 5


def test_suppression_by_hand() -> None:
    boxes = np.array([[[0, 0], [9, 9]], [[0, 0], [9, 8]], [[0, 0], [9, 5]], [[12, 0], [12, 0]], [[12, 0], [12, 0]]])
    assert suppress(boxes, 0.7) == [0, 2, 3]  # IoU 0.9, 0.6; a box of one pixel has an area
    assert suppress(boxes, 1.0) == [0, 1, 2, 3, 4]
    assert suppress(np.empty((0, 2, 2), int), 0.7) == []


def test_suppressed_boxes_do_not_suppress() -> None:
    boxes = np.array([[[0, 0], [9, 0]], [[2, 0], [11, 0]], [[4, 0], [13, 0]]])  # neighbours 0.67, ends 0.43
    assert suppress(boxes, 0.5) == [0, 2]


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.integers(1, 7))
def test_chunks_give_what_all_at_once_gives(seed: int, chunk: int) -> None:
    rng = np.random.default_rng(seed)
    answers = []
    for _ in range(12):
        corners = [np.sort(rng.integers(0, n, 2)) for n in (*SHAPE,) * 3]
        parts = [block(x[0], y[0], x[1], y[1]) for x, y in zip(corners[::2], corners[1::2], strict=True)]
        answers.append(answer(*zip(parts, rng.uniform(0.8, 1, 3).tolist(), strict=True)))
    strategy = everything("huang:S1")
    collection = strategy.collect()
    for start in range(0, len(answers), chunk):
        collection.add(answers[start : start + chunk])
    told = [
        [(p.box.tolist(), p.quality, p.area) for p in kept] for kept in (collection.result(), strategy.filter(answers))
    ]
    assert told[0] == told[1]


def test_kept_masks_are_small() -> None:
    large = Fake(np.ones((3, 512, 512), np.float32) * 9, np.ones(3, np.float32))
    collection = everything().collect()
    collection.add([large])
    assert sum(p.crop.nbytes for p in collection.passed) * 32 <= large.logits.nbytes


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_dice_of_a_crop_is_dice_of_the_picture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = np.where(rng.random(SHAPE) < 0.2, 5, -5).astype(np.float32)
    logits[3, 4] = 5
    (proposal,) = everything().filter([answer((logits, 1.0))])
    ref: Any = rng.random(SHAPE) < 0.4
    mask = logits > 0
    assert (proposal.mask(SHAPE) == mask).all()
    assert dice(proposal, ref) == pytest.approx(2 * (mask & ref).sum() / (mask.sum() + ref.sum()))


def test_match_takes_the_best_overlap() -> None:
    strategy = everything()
    kept = strategy.filter(
        [answer((block(0, 0, 5, 5), 0.9), (block(10, 2, 14, 9), 0.93), (block(16, 8, 20, 12), 0.95))]
    )
    found = strategy.match(kept, block(9, 2, 14, 9) > 0)
    assert found is not None
    assert kept[found].box.tolist() == [[10, 2], [14, 9]]
    assert strategy.match(kept, block(22, 14, 23, 15) > 0) is None  # none overlaps
    assert strategy.match(kept, np.zeros(SHAPE, dtype=bool)) is None


def test_a_model_that_trusts_nothing_gives_no_proposals_and_no_error() -> None:
    strategy = everything()
    kept = strategy.filter(
        [answer((block(0, 0, 5, 5), 0.2), (block(1, 1, 4, 4), float("nan")), (block(2, 2, 9, 9), 0.3))]
    )
    assert kept == []
    assert strategy.match(kept, block(0, 0, 5, 5) > 0) is None


def test_proposals_of_another_picture_are_refused() -> None:
    strategy = everything()
    kept = strategy.filter([answer((block(16, 8, 20, 12), 0.95))])
    with pytest.raises(UsageError, match="larger picture"):
        strategy.match(kept, np.ones((16, 24), dtype=bool))
