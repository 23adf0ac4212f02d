from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from samaritan.annotate.learn.uncertainty import dice, disagreement, of_case, uncertainty

MASKS = arrays(bool, (4, 3))


def columns(count: int) -> np.ndarray:
    mask = np.zeros((10, 4), bool)
    mask[:count] = True
    return mask


def test_dice_of_overlapping_and_of_empty_masks() -> None:
    assert dice(columns(5), columns(10)) == pytest.approx(2 / 3)
    assert dice(columns(0), columns(0)) == 1.0
    assert dice(columns(0), columns(1)) == 0.0


def test_disagreement_is_the_mean_over_pairs() -> None:
    answers = [columns(5), columns(5), columns(10)]
    assert disagreement(answers) == pytest.approx((0 + 1 / 3 + 1 / 3) / 3)
    assert disagreement(answers[:1]) == 0.0


def test_a_low_estimate_counts_where_the_answers_agree() -> None:
    assert uncertainty([columns(5), columns(5)], 0.4) == pytest.approx(0.6)
    assert uncertainty([columns(5), columns(10)], 0.9) == pytest.approx(1 / 3)
    assert uncertainty([columns(5)], 1.7) == 0.0


def test_a_case_of_which_nothing_is_known_is_uncertain() -> None:
    assert of_case([]) == 1.0
    assert of_case([0.2, 0.4]) == pytest.approx(0.3)


@given(st.lists(MASKS, min_size=1, max_size=4), st.floats(-2, 2))
def test_it_is_a_number_from_0_to_1_whatever_the_order(answers: list[np.ndarray], quality: float) -> None:
    found = uncertainty(answers, quality)
    assert 0 <= found <= 1
    assert found == pytest.approx(uncertainty(answers[::-1], quality))
