from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from samaritan.annotate.workspace._delta import Delta
from samaritan.annotate.workspace._tally import Tally

ARRAYS = arrays(np.uint8, (4, 3, 5), elements=st.sampled_from([0, 0, 0, 1, 2, 255]))


@given(ARRAYS, ARRAYS)
def test_twice_changes_nothing_and_once_is_the_edit(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> None:
    delta = Delta.between(before, after, (0, 0, 0))
    if delta is None:
        assert np.array_equal(before, after)
        return
    again = Delta.model_validate_json(delta.model_dump_json())
    assert again.fits(before)
    labels = np.asfortranarray(before)
    labels[again.box] ^= again.values
    assert np.array_equal(labels, after)
    labels[again.box] ^= again.values
    assert np.array_equal(labels, before)
    assert (again.values[[0, -1]] > 0).any(axis=(1, 2)).all()  # no larger than it must be


@given(ARRAYS, ARRAYS)
def test_counts_follow_the_edits(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> None:
    tally = Tally((4, 3, 5))
    tally.add(before, (0, 0, 0))
    if (delta := Delta.between(before, after, (0, 0, 0))) is not None:
        here = before[delta.box]
        tally.add(here, delta.low, -1)
        tally.add(here ^ delta.values, delta.low)
    for number in (1, 2, 255, 7):
        places = np.argwhere(after == number)
        assert tally.voxels(number) == len(places)
        for axis in range(3):
            span = (places[:, axis].min(), places[:, axis].max()) if len(places) else None
            assert tally.span(number, axis) == span


def test_a_box_beyond_the_array_does_not_fit() -> None:
    delta = Delta(low=(0, 0, 4), shape=(1, 1, 2), xor="")
    assert not delta.fits(np.zeros((4, 3, 5), np.uint8))


@pytest.mark.parametrize("text", ["", "????", "AAAA", "eJxjZGRkAAAADgAH"])
def test_a_damaged_text_is_no_array(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        _ = Delta(low=(0, 0, 0), shape=(2, 2, 2), xor=text).values
