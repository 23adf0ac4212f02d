from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.core import Box, InputError, Points, PromptSet
from samaritan.core.colour import PALETTE, colour_of
from samaritan.predict.overlay import PREDICTION, REFERENCE, draw_overlay

GREY = np.full((40, 20, 3), 90, np.uint8)


def mask() -> NDArray[np.bool_]:
    found = np.zeros((40, 20), bool)
    found[8:24, 4:12] = True
    return found


def drawn(**kwargs: Any) -> NDArray[np.int64]:
    """The drawing as (x, y, 3), ten pixels for each of the picture's."""
    return np.asarray(draw_overlay(GREY, side=400, **kwargs)).swapaxes(0, 1).astype(int)


def is_like(pixels: NDArray[Any], colour: tuple[int, int, int], tolerance: int = 40) -> NDArray[np.bool_]:
    return np.asarray(np.abs(pixels - np.array(colour)).max(axis=-1) <= tolerance)


def test_width_is_x_and_the_longest_side_is_as_asked() -> None:
    assert draw_overlay(GREY, side=400).size == (400, 200)
    assert np.array_equal(drawn(), np.full((400, 200, 3), 90))


def test_longer_pixels_are_drawn_longer() -> None:
    assert draw_overlay(GREY, side=400, spacing=(1.0, 4.0)).size == (200, 400)


def test_prediction_is_outlined_where_it_ends_and_tinted_inside() -> None:
    picture = drawn(pred=mask())
    assert is_like(picture[80, 60:100], PREDICTION).all()  # the edge between pixel 7 and 8 of x
    assert is_like(picture[239:241, 80], PREDICTION).any()
    inside, outside = picture[160, 80], picture[300, 80]
    assert inside[0] > 100
    assert inside[2] < 90
    assert outside.tolist() == [90, 90, 90]


def test_reference_shows_on_both_sides_of_an_equal_prediction() -> None:
    line = drawn(pred=mask(), ref=mask())[70:90, 80]
    amber, cyan = is_like(line, PREDICTION), line[:, 2] > line[:, 0] + 60  # thin, so mixed with its rim
    middle = int(np.flatnonzero(amber).mean())
    assert cyan[:middle].any()
    assert cyan[middle:].any()


def test_one_pixel_still_has_an_outline() -> None:
    single = np.zeros((40, 20), bool)
    single[5, 5] = True
    assert is_like(drawn(ref=single)[40:70, 40:70], REFERENCE).sum() > 20


def test_mask_at_the_border_is_closed_there() -> None:
    everything = np.ones((40, 20), bool)
    picture = drawn(ref=everything)
    for edge in (picture[:2], picture[-2:], picture[:, :2], picture[:, -2:]):
        assert is_like(edge, REFERENCE).mean() > 0.4


def test_box_encloses_its_outer_pixels() -> None:
    picture = drawn(prompts=[PromptSet(box=Box((8, 4), (23, 11)))])
    bright = picture.min(axis=-1) > 200
    x, y = np.nonzero(bright)
    assert abs(x.min() - 79) <= 2
    assert abs(x.max() - 241) <= 2
    assert abs(y.min() - 39) <= 2
    assert abs(y.max() - 121) <= 2
    assert not bright[90:230, 50:110].any()


def test_clicks_lie_at_their_pixel_and_tell_plus_from_minus() -> None:
    picture = drawn(prompts=[PromptSet(points=Points([(10, 5), (30, 15)], [1, 0]))])
    plus, minus = picture[105, 55], picture[305, 155]
    assert plus.min() > 200  # the crossing of the white plus
    assert minus.min() > 200
    assert picture[105, 58 - 1].min() > 200  # only the plus has an upright stroke
    assert picture[305, 158 - 1].min() < 100


def test_window_cuts_out_a_part() -> None:
    picture = draw_overlay(GREY, pred=mask(), window=(8, 4, 24, 12), side=160)
    assert picture.size == (160, 80)
    assert np.asarray(picture)[40, 80, 0] > 100


def test_targets_have_their_own_colours() -> None:
    left, right = np.zeros((2, 40, 20), bool)
    left[2:10, 2:18], right[25:38, 2:18] = True, True
    picture = drawn(masks={"left": left, "right": right})
    assert is_like(picture[20, 40:160], colour_of(0)).mean() > 0.9
    assert is_like(picture[250, 40:160], colour_of(1)).mean() > 0.9
    assert len({colour_of(n) for n in range(len(PALETTE))}) == len(PALETTE)
    assert colour_of(len(PALETTE)) == colour_of(0)


def test_inputs_are_not_changed_and_the_drawing_repeats() -> None:
    picture, pred = GREY.copy(), mask()
    first = drawn(pred=pred, ref=pred)
    assert np.array_equal(first, drawn(pred=pred, ref=pred))
    assert np.array_equal(picture, GREY)
    assert np.array_equal(pred, mask())


def test_extreme_shapes_are_drawn() -> None:
    assert draw_overlay(np.zeros((500, 1, 3), np.uint8), pred=np.ones((500, 1), bool), side=100).size == (100, 1)
    assert draw_overlay(np.zeros((1, 1, 3), np.uint8), ref=np.ones((1, 1), bool), side=64).size == (64, 64)


@pytest.mark.parametrize(
    ("picture", "pred"),
    [
        (np.zeros((4, 4), np.uint8), None),
        (np.zeros((4, 4, 3), np.float32), None),
        (np.zeros((4, 6, 3), np.uint8), np.zeros((6, 4), bool)),
    ],
)
def test_unfit_pictures_and_masks_are_refused(picture: Any, pred: Any) -> None:
    with pytest.raises(InputError):
        draw_overlay(picture, pred=pred)
