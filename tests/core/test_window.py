from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samaritan.core import Box, MaskHint, Points, PromptError, PromptSet, Window

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))


@given(SHAPES, st.floats(-5, 45), st.floats(-5, 45), st.floats(0.5, 60))
def test_a_square_lies_inside_and_has_its_side_where_there_is_room(
    shape: tuple[int, int], x: float, y: float, side: float
) -> None:
    window = Window.around(np.array([x, y]), side, shape)
    for axis in (0, 1):
        assert 0 <= window.low[axis] < window.high[axis] <= shape[axis]
        assert window.size[axis] == min(int(np.ceil(side)), shape[axis])


@pytest.mark.parametrize(
    ("centre", "side", "low"),
    [
        ((10, 10), 5, (8, 8)),
        ((10, 10), 4, (9, 9)),
        ((0, 19), 5, (0, 15)),
        ((19, 0), 6, (14, 0)),
        ((10.5, 10), 4, (9, 9)),
    ],
)
def test_a_square_is_centred_and_moved_at_borders(
    centre: tuple[float, float], side: float, low: tuple[int, int]
) -> None:
    assert Window.around(np.array(centre), side, (20, 20)).low == low


@given(SHAPES, st.data())
def test_what_is_cut_and_pasted_is_what_was_there(shape: tuple[int, int], data: st.DataObject) -> None:
    low = tuple(data.draw(st.integers(0, n - 1)) for n in shape)
    size = tuple(data.draw(st.integers(1, n - first)) for n, first in zip(shape, low, strict=True))
    window = Window((low[0], low[1]), (size[0], size[1]))
    values = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    full = window.paste(values[:, *window.slices], shape, outside=-7.0)
    inside = np.zeros(shape, bool)
    inside[window.slices] = True
    assert inside.sum() == size[0] * size[1]
    assert np.array_equal(full[:, inside], values[:, inside])
    assert (full[:, ~inside] == -7.0).all()
    assert full.dtype == np.float32


def test_a_prompt_moves_into_the_window() -> None:
    hint = np.arange(120, dtype=np.float32).reshape(12, 10)
    asked = PromptSet(
        points=Points([(5, 4), (6, 7), (1, 1)], [1, 0, 0]), box=Box((4, 3), (7, 6)), mask=MaskHint(hint), text="cyst"
    )
    found = Window((3, 2), (6, 6)).lower(asked)
    assert found is not None
    assert found.points is not None
    assert found.points.ijk[:, :2].tolist() == [[2, 2], [3, 5]]  # the third lies outside
    assert found.points.labels.tolist() == [1, 0]
    assert found.box is not None
    assert (found.box.lo.tolist(), found.box.hi.tolist()) == ([1, 1, 0], [4, 4, 0])
    assert found.mask is not None
    assert np.array_equal(found.mask.logits, hint[3:9, 2:8])
    assert found.text == "cyst"


def test_a_box_is_clipped_to_the_half_pixel_around_the_window() -> None:
    found = Window((4, 4), (4, 4)).lower(PromptSet(box=Box((2, 5), (6, 20))))
    assert found is not None
    assert found.box is not None
    assert (found.box.lo[:2].tolist(), found.box.hi[:2].tolist()) == ([-0.5, 1], [2, 3.5])


@pytest.mark.parametrize(
    "prompt",
    [
        PromptSet(box=Box((0, 0), (2, 2))),
        PromptSet(points=Points((1, 1), 1)),
        PromptSet(points=Points([(1, 1), (6, 6)], [1, 0])),
    ],
)
def test_nothing_to_ask_where_neither_box_nor_positive_click_lies(prompt: PromptSet) -> None:
    assert Window((4, 4), (4, 4)).lower(prompt) is None


def test_a_prompt_without_a_place_belongs_everywhere() -> None:
    found = Window((4, 4), (4, 4)).lower(PromptSet(text="liver"))
    assert found is not None
    assert (found.text, found.box, found.points, found.mask) == ("liver", None, None, None)


def test_logits_on_the_networks_grid_cannot_be_cut() -> None:
    with pytest.raises(PromptError, match="whole picture"):
        Window((4, 4), (4, 4)).lower(PromptSet(mask=MaskHint(np.zeros((8, 8), np.float32), "model")))
