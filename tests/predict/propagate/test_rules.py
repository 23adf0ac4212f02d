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
    assert RULES.reason(patch, quality, square(10, 10), 0.9, thickness=0.01) == reason


def test_thick_slices_may_change_more() -> None:
    last, across = square(10, 20), 2 * np.sqrt(400 / np.pi)
    thin, thick = 0.05 * across, 0.4 * across  # of a ball's middle section 0.99 and 0.36 are left
    for patch in (square(13, 13), square(5, 35)):
        assert RULES.reason(patch, 0.9, last, 0.9, thin) is not None
        assert RULES.reason(patch, 0.9, last, 0.9, thick) is None
    assert RULES.reason(square(13, 8), 0.9, last, 0.9, thick) == "shrinks too fast: 0.16 of the last area"
    assert RULES.reason(square(13, 8), 0.9, last, 0.9, 10 * across) is None
    assert RULES.reason(square(13, 8), 0.6, last, 0.9, 10 * across) is not None
