"""The learning rate over a run."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.train._rate import factor

share = st.floats(0, 1)


@pytest.mark.parametrize(
    ("progress", "warmup", "expected"),
    [
        (0.0, 0.1, 0.01),  # never quite still
        (0.05, 0.1, 0.5),  # half-way up
        (0.1, 0.1, 1.0),
        (0.55, 0.1, 0.505),  # half-way down: the mean of 1 and 0.01
        (1.0, 0.1, 0.01),
        (1.5, 0.1, 0.01),  # a step that ran over the end
        (0.0, 0.0, 1.0),
    ],
)
def test_it_rises_and_falls_as_the_papers_say(progress: float, warmup: float, expected: float) -> None:
    assert factor(progress, warmup) == pytest.approx(expected)


@settings(max_examples=60)
@given(share, share, st.floats(0, 0.9))
def test_it_rises_in_the_warm_up_and_falls_afterwards(one: float, other: float, warmup: float) -> None:
    early, late = sorted((one, other))
    assert 0.01 - 1e-12 <= factor(early, warmup) <= 1
    if late < warmup:
        assert factor(early, warmup) <= factor(late, warmup)
    if early >= warmup:
        assert factor(early, warmup) >= factor(late, warmup) - 1e-12
