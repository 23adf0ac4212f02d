import math
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from samaritan.evaluate import _nearest
from samaritan.evaluate._nearest import nearest

Spacing = tuple[float, float, float]


def brute_force(start: np.ndarray, goal: np.ndarray, spacing: Spacing) -> np.ndarray:
    apart = (np.argwhere(start)[:, None] - np.argwhere(goal)[None]) * np.array(spacing)
    return np.asarray(np.linalg.norm(apart, axis=-1).min(axis=1))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    density=st.floats(0.001, 0.6),
    spacing=st.tuples(*[st.floats(0.1, 10)] * 3),
    shape=st.sampled_from([(14, 12, 9), (30, 28, 1), (1, 25, 30), (60, 1, 1), (1, 1, 1), (3, 50, 2)]),
    ball=st.sampled_from([1, 20, 500]),
    search=st.sampled_from([0, 10**9]),
    most=st.sampled_from([math.inf, 0.0, 2.0, 9.0]),
)
def test_equals_brute_force_whichever_way_it_goes(
    seed: int, density: float, spacing: Spacing, shape: tuple[int, int, int], ball: int, search: int, most: float
) -> None:
    """A small ball leaves most places to what comes behind it: the tree (search 0) or the transform."""
    rng = np.random.default_rng(seed)
    start, goal = rng.random(shape) < 0.3, rng.random(shape) < density
    start[0, 0, 0] = goal[-1, -1, -1] = True
    expected = brute_force(start, goal, spacing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_nearest, "BALL", ball)
        patch.setattr(_nearest, "SEARCH", search)
        _nearest._ball.cache_clear()
        found = nearest(start, goal, spacing, most)
    _nearest._ball.cache_clear()
    close = expected <= most * (1 - 1e-9)
    np.testing.assert_allclose(found[close], expected[close], rtol=1e-12)
    assert np.isinf(found[expected > most * (1 + 1e-9)]).all()


def test_a_volume_too_large_for_a_transform_goes_through_the_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    start, goal = np.zeros((40, 40, 40), bool), np.zeros((40, 40, 40), bool)
    start[0, :, :], goal[30, :, :] = True, True
    transform = Mock(wraps=ndimage.distance_transform_edt)
    monkeypatch.setattr(_nearest, "distance_transform_edt", transform)
    np.testing.assert_array_equal(nearest(start, goal, (0.5, 1, 1)), 15.0)
    assert transform.call_count == 1
    monkeypatch.setattr(_nearest, "MOST_VOXELS", 1000)
    np.testing.assert_array_equal(nearest(start, goal, (0.5, 1, 1)), 15.0)
    assert transform.call_count == 1


def test_masks_are_not_changed_and_may_be_read_only() -> None:
    rng = np.random.default_rng(0)
    start, goal = rng.random((9, 8, 7)) < 0.3, rng.random((9, 8, 7)) < 0.05
    before = start.copy(), goal.copy()
    start.flags.writeable = goal.flags.writeable = False
    nearest(start, goal, (1, 2, 3))
    np.testing.assert_array_equal(start, before[0])
    np.testing.assert_array_equal(goal, before[1])
