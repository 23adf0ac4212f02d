from __future__ import annotations

import numpy as np
import pytest

from samaritan.predict._patch import Patch
from samaritan.predict.propagate import Rules

RULES = Rules(shrink=0.5, grow=2.0, quality=0.8, overlap=0.5)


def square(corner: int, side: int) -> Patch:
    logits = np.full((50, 50), -9, np.float32)
    logits[corner : corner + side, corner : corner + side] = 5
    return Patch.of(logits)


@pytest.mark.parametrize(
    ("patch", "quality", "reason"),
    [
        (square(10, 10), 0.9, None),
        (square(10, 8), 0.73, None),
        (square(10, 14), 0.9, None),
        (square(10, 0), 0.9, "empty: the model found nothing"),
        (square(10, 7), 0.9, "shrinks too fast: 0.49 of the last area"),
        (square(10, 15), 0.9, "grows too fast: 2.25 of the last area"),
        (square(10, 10), 0.71, "predicted quality 0.71, on the prompted slice 0.90"),
        (square(13, 10), 0.9, "overlap with the last mask 0.49"),
    ],
)
def test_each_rule_stops_at_its_own_limit(patch: Patch, quality: float, reason: str | None) -> None:
    assert RULES.reason(patch, quality, square(10, 10), 0.9) == reason
