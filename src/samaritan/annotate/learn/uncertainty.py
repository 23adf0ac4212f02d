"""How uncertain a proposal is: one number from 0 to 1, for the order in which cases are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def dice(one: Mask, other: Mask) -> float:
    """Dice of two masks of one shape, axes alike; two empty ones agree."""
    total = int(one.sum()) + int(other.sum())
    return 1.0 if not total else 2 * int((one & other).sum()) / total


def disagreement(answers: Sequence[Mask]) -> float:
    """Mean of 1 - Dice over all pairs of answers to one question, 0..1; 0 with a single answer.

    The answers are those to slightly different prompts, or samples where the adapter draws them.
    """
    pairs = [1 - dice(one, other) for one, other in combinations(answers, 2)]
    return float(np.mean(pairs)) if pairs else 0.0


def uncertainty(answers: Sequence[Mask], quality: float) -> float:
    """The larger of :func:`disagreement` and 1 - ``quality``, 0..1.

    Args:
        answers: masks of one target.
        quality: the model's own estimate of the IoU of the first one; values outside 0..1 are cut.
    """
    return max(disagreement(answers), 1 - float(np.clip(quality, 0, 1)))


def of_case(targets: Sequence[float]) -> float:
    """One number for a case: the mean over its targets; 1 where nothing is known about any."""
    return float(np.mean(targets)) if targets else 1.0
