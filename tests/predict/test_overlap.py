from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from samaritan.core import UsageError
from samaritan.predict.overlap import Overlap, SliceLabels, check_overlap

A = np.array([[3.0, 3.0, -1.0, 1.0]], np.float32)
B = np.array([[-1.0, 2.0, 2.0, 1.0]], np.float32)
C = np.array([[-1.0, -1.0, -1.0, 5.0]], np.float32)


@pytest.mark.parametrize(
    ("rule", "labels"),
    [
        ("quality", [[1, 1, 2, 3]]),
        ("separate", [[1, 1, 2, 3]]),
        ("first", [[1, 1, 2, 1]]),
        ("refuse", [[1, 1, 2, 1]]),
        ("last", [[1, 2, 2, 3]]),
    ],
)
def test_contested_pixels_follow_the_rule(rule: Overlap, labels: list[list[int]]) -> None:
    picture = SliceLabels((1, 4), rule)
    for label, logits in enumerate((A, B, C), start=1):
        picture.add(label, logits)
    assert picture.labels.tolist() == labels
    assert picture.contested.tolist() == [[False, True, False, True]]


def test_equal_logits_stay_with_the_earlier_target() -> None:
    picture = SliceLabels((1, 4), "quality")
    assert picture.add(1, A) == []
    assert picture.add(2, B) == [1]
    assert picture.labels[0, 3] == 1


def test_masks_of_one_target_are_united_without_contest() -> None:
    picture = SliceLabels((1, 4), "quality")
    assert picture.add(1, B) == []
    assert picture.add(1, A) == []
    assert picture.labels.tolist() == [[1, 1, 1, 1]]
    assert not picture.contested.any()
    picture.add(2, np.array([[-1, 2.5, -1, -1]], np.float32))
    assert picture.labels[0, 1] == 1  # the target's surer mask speaks for it: 3.0 against 2.5


def test_every_rule_is_known_and_no_other() -> None:
    for rule in get_args(Overlap):
        check_overlap(rule)
        SliceLabels((2, 2), rule)
    with pytest.raises(UsageError, match="quality, first, last, refuse, separate"):
        check_overlap("biggest")
