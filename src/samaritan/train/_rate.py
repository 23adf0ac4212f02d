"""The learning rate over a run."""

from __future__ import annotations

import math


def factor(progress: float, warmup: float, floor: float = 0.01) -> float:
    """What the learning rate is multiplied with: a linear rise, then half a cosine (Loshchilov and Hutter, arXiv 1608.03983).

    Args:
        progress: share of the run that is done, 0..1.
        warmup: share of the run in which it rises.
        floor: value at the end.
    """
    if progress < warmup:
        return max(progress / warmup, floor)
    rest = (min(progress, 1.0) - warmup) / (1 - warmup)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * rest))
