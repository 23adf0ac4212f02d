"""Probabilities against raters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from samaritan.core import GeometryError, InputError
from samaritan.evaluate import calibration, entropy, reliability, uncertainty_error_overlap


def test_by_hand() -> None:
    probability = np.array([[0.1, 0.1, 0.9, 0.9]])
    ref = np.array([[False, True, True, True]])
    found = calibration(probability, [ref], bins=10)
    assert found["ece"] == pytest.approx((abs(0.1 - 0.5) * 2 + abs(0.9 - 1) * 2) / 4)
    assert found["brier"] == pytest.approx((0.01 + 0.81 + 0.01 + 0.01) / 4)


def test_votes_of_several_raters_all_count() -> None:
    """0.5 is right where half of the raters say so, and a sure answer is not."""
    raters = [np.array([[True, True]]), np.array([[False, True]])]
    assert calibration(np.array([[0.5, 1.0]]), raters)["ece"] == pytest.approx(0)
    assert calibration(np.array([[1.0, 1.0]]), raters)["ece"] == pytest.approx(0.25)
    assert calibration(np.array([[0.5, 1.0]]), raters)["brier"] == pytest.approx(0.25 / 2)


def test_one_belongs_to_the_last_bin() -> None:
    curve = reliability(np.array([0.0, 1.0, 1.0]), [np.array([False, True, False])], bins=4)
    assert curve.places.tolist() == [1, 0, 0, 2]
    assert curve.frequency[3] == 0.5
    assert math.isnan(curve.frequency[1])


@settings(max_examples=30)
@given(arrays(np.float32, (6,), elements=st.floats(0, 1, width=32)), arrays(bool, (3, 6)), st.integers(1, 20))
def test_bounds(probability: np.ndarray, raters: np.ndarray, bins: int) -> None:
    found = calibration(probability, list(raters), bins=bins)
    assert 0 <= found["ece"] <= 1
    assert 0 <= found["brier"] <= 1
    slow = np.mean([(probability.astype(float) - rater) ** 2 for rater in raters])
    assert found["brier"] == pytest.approx(slow, abs=1e-9)
    assert reliability(probability, list(raters), bins=bins).places.sum() == 6


def test_entropy_in_nats() -> None:
    found = entropy(np.array([0.0, 0.5, 1.0, 0.1, 0.9]))
    assert found[[0, 2]].tolist() == [0.0, 0.0]
    assert found[1] == pytest.approx(0.693147, abs=1e-6)
    assert found[3] == pytest.approx(found[4])


def test_uncertainty_where_the_errors_are() -> None:
    pred, ref = np.array([True, True, False]), np.array([True, False, False])
    doubt = np.array([0.1, 0.6, 0.6])
    assert uncertainty_error_overlap(doubt, pred=pred, ref=ref, above=0.5) == pytest.approx(2 / 3)
    assert uncertainty_error_overlap(doubt, pred=ref, ref=ref, above=0.7) == 1.0


def test_faulty_input_is_refused() -> None:
    with pytest.raises(InputError, match=r"lies in 0\.\.1"):
        calibration(np.array([2.0]), [np.array([True])])
    with pytest.raises(GeometryError, match="shape"):
        calibration(np.array([0.5, 0.5]), [np.array([True])])
    with pytest.raises(InputError, match="at least 1 bin"):
        calibration(np.array([0.5]), [np.array([True])], bins=0)
    with pytest.raises(InputError, match="no place"):
        calibration(np.zeros(0), [np.zeros(0, bool)])
