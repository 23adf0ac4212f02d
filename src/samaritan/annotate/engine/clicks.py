"""Clicks for models that were trained with boxes only: which box is meant is found by asking.

Asked with a click alone, LiteMedSAM answers nothing of use (``benchmarks/annotate/clicks.py``). So squares of several sizes
are put around the clicks; each answer that holds them becomes a box of its own, which is asked again; and the answers on which
the model is sure, and that it repeats when it is asked for them by their own box, come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Box, Points, PromptSet
from samaritan.predict.volume import VolumePredictor

Mask = NDArray[np.bool_]

#: Half the side of the squares around clicks, in parts of the picture's longer side.
REACHES = (0.02, 0.035, 0.06, 0.09, 0.13, 0.19, 0.27, 0.38)

#: How often answers are asked again by their own box, and how many of them (docs/annotate-click-rounds.md).
ROUNDS, FOLLOWED = 1, 4

#: How far the cut of the logits moves, up and down, for the stability of a mask.
OFFSET = 1.0


@dataclass(frozen=True, eq=False)
class _Answer:
    """A mask, the model's estimate of its IoU, how little it depends on the cut, and IoU with the mask it came from."""

    mask: Mask
    quality: float
    stability: float
    agreement: float = 1.0

    @property
    def worth(self) -> float:
        """What they are ordered by."""
        return self.quality * self.stability * self.agreement


def is_needed(predictor: VolumePredictor, prompt: PromptSet) -> bool:
    """Whether a prompt is clicks alone, some of them inside the object, and the model knows boxes but no points."""
    known = predictor.segmenter.card.prompts
    alone = prompt.box is None and prompt.mask is None and prompt.points is not None
    return alone and "points" not in known and "box" in known and bool((_labels(prompt) == 1).any())


def masks_at(predictor: VolumePredictor, index: int, prompt: PromptSet) -> list[tuple[Mask, float]]:
    """Masks that hold the clicks, with the model's estimates of their IoU, the likeliest first.

    Args:
        predictor: of a model that knows boxes.
        index: of the slice.
        prompt: clicks at (x, y, 0).

    Returns:
        Masks that hold all clicks inside the object and none of those outside; where there is none, the ones that are wrong
        about the fewest of them; empty where no answer holds any click inside.
    """
    assert prompt.points is not None  # noqa: S101
    points = prompt.points
    answers = _asked(predictor, index, _squares(points, predictor), prompt)
    answers = _fitting(answers, points)
    for _ in range(ROUNDS):
        followed = sorted(answers, key=lambda answer: -answer.worth)[:FOLLOWED]
        again = _asked(predictor, index, [box_of(answer.mask) for answer in followed], prompt)
        answers = _fitting([_agreeing(*pair) for pair in zip(again, followed, strict=True)], points) or answers
    return [(answer.mask, answer.quality) for answer in sorted(answers, key=lambda answer: -answer.worth)]


def box_of(mask: Mask) -> Box:
    """The tight box around an (x, y) mask that is not empty."""
    spans = [np.flatnonzero(mask.any(axis=other))[[0, -1]] for other in (1, 0)]
    low, high = np.array([[span[end] for span in spans] for end in (0, 1)], float)
    return Box(low, high)


def _squares(points: Points, predictor: VolumePredictor) -> list[Box]:
    """Squares as the model sees them: of pixels, or of mm where it is shown square pixels."""
    view = predictor.view
    inside = points.ijk[points.labels == 1][:, :2]
    low, high, last = inside.min(axis=0), inside.max(axis=0), np.array(view.shape, float) - 1
    pixel = np.array(view.spacing[:2]) / min(view.spacing[:2]) if predictor.framing.name == "square" else np.ones(2)
    reaches = np.outer(np.array(REACHES), (np.array(view.shape) * pixel).max() / pixel)
    return [Box(np.clip(low - reach, 0, last), np.clip(high + reach, 0, last)) for reach in reaches]


def _asked(predictor: VolumePredictor, index: int, boxes: Sequence[Box], prompt: PromptSet) -> list[_Answer]:
    """The single answer to each box."""
    predictions = predictor.decode(index, [PromptSet(None, box, None, prompt.text) for box in boxes])
    return [_answer(one.logits[0], float(one.quality[0])) for one in predictions]


def _answer(logits: NDArray[np.float32], quality: float) -> _Answer:
    wide = np.count_nonzero(logits > -OFFSET)
    return _Answer(logits > 0, quality, np.count_nonzero(logits > OFFSET) / wide if wide else 0.0)


def _agreeing(answer: _Answer, source: _Answer) -> _Answer:
    either = np.count_nonzero(answer.mask | source.mask)
    shared = np.count_nonzero(answer.mask & source.mask) / either if either else 0.0
    return _Answer(answer.mask, answer.quality, answer.stability, shared)


def _fitting(answers: Sequence[_Answer], points: Points) -> list[_Answer]:
    """Those that are wrong about the fewest clicks, and hold one that is inside the object."""
    last = np.array(answers[0].mask.shape) - 1 if answers else np.zeros(2)
    where = tuple(np.clip(np.rint(points.ijk[:, :2]), 0, last).astype(int).T)
    told = points.labels == 1
    right = [answer for answer in answers if answer.mask[where][told].any()]
    wrong = [int(np.count_nonzero(answer.mask[where] != told)) for answer in right]
    return [answer for answer, count in zip(right, wrong, strict=True) if count == min(wrong)]


def _labels(prompt: PromptSet) -> NDArray[np.int64]:
    return np.asarray(prompt.points.labels if prompt.points is not None else [], np.int64)
