from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.core._percentiles import nonzero_percentiles


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from([np.uint8, np.int8, np.int16, np.uint16, np.int32, np.float32, np.float64]),
    shape=st.sampled_from([(5, 4, 3), (1, 1, 1), (6, 5, 1), (40, 30, 7), (5, 4, 2, 3)]),
    zeros=st.sampled_from([0.0, 0.5, 0.99]),
    shares=st.sampled_from([(0.5, 99.5), (0.0, 100.0), (2.0, 98.0), (33.3, 50.0)]),
)
def test_equals_numpy(seed: int, kind: Any, shape: tuple[int, ...], zeros: float, shares: tuple[float, float]) -> None:
    rng = np.random.default_rng(seed)
    whole = np.iinfo(kind) if np.issubdtype(kind, np.integer) else None
    low, high = (max(int(whole.min), -9000), min(int(whole.max), 9000)) if whole else (-1000, 3000)
    data = rng.integers(low, high, shape, endpoint=True).astype(kind)
    data[rng.random(shape) < zeros] = 0
    values = data[data != 0]
    wide = values.astype(np.float64) if whole else values  # in int8 numpy subtracts with an overflow
    expected = np.percentile(wide, shares) if values.size else (0.0, 0.0)
    before = data.copy()
    assert nonzero_percentiles(data, shares) == tuple(expected)
    np.testing.assert_array_equal(data, before)


def test_memory_order_does_not_matter() -> None:
    data = np.random.default_rng(0).integers(-500, 2000, (20, 30, 9)).astype(np.int16)
    assert nonzero_percentiles(np.asfortranarray(data), (1, 99)) == nonzero_percentiles(data, (1, 99))
