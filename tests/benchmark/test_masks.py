from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from samaritan.benchmark._masks import Mask, PackedMask, run_lengths, unite

masks = hnp.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 9)))
pairs = st.tuples(st.integers(1, 12), st.integers(1, 9)).flatmap(
    lambda shape: st.tuples(hnp.arrays(bool, shape), hnp.arrays(bool, shape))
)


@given(masks)
@settings(max_examples=40)
def test_packing_loses_nothing(mask: Mask) -> None:
    packed = PackedMask.of(mask)
    shape = (mask.shape[0], mask.shape[1])
    assert (packed.unpack(shape) == mask).all()
    assert packed.area == mask.sum()


@given(pairs)
@settings(max_examples=40)
def test_overlap_and_union_are_those_of_the_masks(pair: tuple[Mask, Mask]) -> None:
    one, two = map(PackedMask.of, pair)
    shape = (pair[0].shape[0], pair[0].shape[1])
    assert one.overlap(two) == two.overlap(one) == (pair[0] & pair[1]).sum()
    assert (unite([one, two], shape).unpack(shape) == (pair[0] | pair[1])).all()


@given(masks)
@settings(max_examples=40)
def test_run_lengths_give_the_mask_back(mask: Mask) -> None:
    lengths = run_lengths(mask)
    values = np.arange(len(lengths)) % 2 == 1
    assert (np.repeat(values, lengths).reshape(mask.shape) == mask).all()
    assert all(length > 0 for length in lengths[1:])


def test_run_lengths_begin_with_background() -> None:
    assert run_lengths(np.array([[True, False], [False, True]])) == [0, 1, 2, 1]
    assert run_lengths(np.zeros((2, 3), bool)) == [6]


def test_a_packed_mask_is_painted_relative_to_the_canvas() -> None:
    mask = np.zeros((6, 5), bool)
    mask[2:4, 3] = True
    canvas = np.zeros((3, 2), bool)
    PackedMask.of(mask).paint(canvas, (2, 3))
    assert canvas.tolist() == [[True, False], [True, False], [False, False]]
