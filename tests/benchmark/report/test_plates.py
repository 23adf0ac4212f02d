from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.benchmark._masks import run_lengths
from samaritan.benchmark.report._plates import ASPECT, View, choose_window, decode_runs
from samaritan.core import Box, Points, PromptSet


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**20))
@settings(max_examples=30)
def test_runs_come_back_as_the_mask(x: int, y: int, seed: int) -> None:
    mask = np.random.default_rng(seed).random((x, y)) < 0.5

    np.testing.assert_array_equal(decode_runs(run_lengths(mask), (x, y)), mask)


def test_runs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        decode_runs([3, 2], (2, 2))


def _view(place: tuple[slice, slice], shape: tuple[int, int] = (400, 300), *prompts: PromptSet) -> View:
    ref = np.zeros(shape, bool)
    ref[place] = True
    return View(ref, np.zeros(shape, bool), list(prompts))


def test_large_target_is_shown_in_its_whole_picture() -> None:
    assert choose_window([_view(np.s_[50:250, 50:250])]) == (0, 0, 400, 300)
    assert choose_window([View(np.zeros((9, 7), bool), np.zeros((9, 7), bool), [])]) == (0, 0, 9, 7)


def test_small_target_is_enlarged_with_everything_that_was_asked() -> None:
    view = _view(np.s_[300:340, 200:230], (400, 300), PromptSet(Points([(280, 210)], [0]), Box((299, 199), (345, 235))))
    x0, y0, x1, y1 = choose_window([view])

    assert x0 <= 280
    assert x1 > 345
    assert y0 <= 199
    assert y1 > 235
    assert x1 <= 400
    assert y1 <= 300
    assert (x1 - x0) / (y1 - y0) == pytest.approx(ASPECT, abs=0.05)


def test_window_of_several_views_holds_them_all() -> None:
    x0, y0, x1, y1 = choose_window([_view(np.s_[10:20, 10:20]), _view(np.s_[60:70, 40:50])])

    assert (x0, y0) == (0, 0)
    assert x1 >= 70
    assert y1 >= 50
