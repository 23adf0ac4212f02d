"""Pictures into the network's square, positions with them, and logits back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.core import Box, InputError, MaskHint, PromptError
from samaritan.models._frame import Frame, imagenet, min_max

FRAME = Frame(64, 64, min_max)
SIZES = st.tuples(st.integers(1, 150), st.integers(1, 150))


def _ramp(x: int, y: int) -> np.ndarray:
    """(x, y, 3): red runs along x, green along y."""
    picture = np.zeros((x, y, 3), np.float32)
    picture[..., 0] = np.linspace(0, 255, x)[:, None]
    picture[..., 1] = np.linspace(0, 255, y)[None]
    return picture


@given(SIZES)
@settings(max_examples=30)
def test_any_size_fits_and_comes_back(shape: tuple[int, int]) -> None:
    x, y = FRAME.fit(shape)

    assert max(x, y) == 64
    assert min(x, y) >= 1
    pixels = FRAME.pixels(_ramp(*shape))
    assert pixels.shape == (1, 3, 64, 64)
    assert (pixels[..., y:, :] == 0).all()
    assert (pixels[..., :, x:] == 0).all()
    assert FRAME.restore(pixels[:, :1], shape).shape == (1, 1, *shape)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 64)])
def test_extreme_shapes(shape: tuple[int, int]) -> None:
    pixels = FRAME.pixels(_ramp(*shape))

    assert torch.isfinite(pixels).all()
    assert FRAME.restore(torch.ones(2, 3, 64, 64), shape).shape == (2, 3, *shape)


def test_x_runs_along_the_columns_of_the_square() -> None:
    pixels = FRAME.pixels(_ramp(64, 32))[0]

    assert torch.allclose(pixels[0, 5], torch.linspace(0, 1, 64), atol=1e-6)  # one row: red rises along x
    assert torch.allclose(pixels[1, :32, 9], torch.linspace(0, 1, 32), atol=1e-6)  # one column: green rises along y


def test_logits_at_the_networks_own_size_come_back_unchanged() -> None:
    low_res = torch.randn(1, 2, 64, 64, generator=torch.Generator().manual_seed(0))

    back = FRAME.restore(low_res, (64, 40))

    assert torch.equal(back, low_res[:, :, :40, :].transpose(-1, -2))


def test_a_blob_is_found_where_it_was_drawn() -> None:
    """Draw in the square at a prompt's position, come back, and meet the same place of the picture."""
    for shape in ((200, 90), (30, 50)):
        place = np.array([[0.75 * shape[0], 0.2 * shape[1]]])
        column, row = FRAME.positions(place, shape)[0].numpy()
        y, x = np.mgrid[:64, :64]
        blob = torch.from_numpy(-((x - column) ** 2) - (y - row) ** 2).float()[None, None]

        back = FRAME.restore(blob, shape)[0, 0].numpy()

        peak = np.array(np.unravel_index(back.argmax(), back.shape))
        assert np.abs(peak - place[0]).max() <= 200 / 64 / 2 + 0.5


def test_shrinking_follows_segment_anything() -> None:
    places = np.array([[0.0, 0.0, 0], [127, 63, 0], [50, 20, 0]])

    assert FRAME.positions(places, (128, 64)).tolist() == [[0, 0], [63.5, 31.5], [25, 10]]
    assert FRAME.box(Box([10, 20], [100, 50]), (128, 64)).tolist() == [5, 10, 50, 25]


def test_an_enlarged_box_keeps_the_whole_of_its_last_pixel() -> None:
    """Pixel 3 of 16 becomes 12..15 of 64, pixel 5 becomes 20..23."""
    assert FRAME.box(Box([3, 3], [5, 5]), (16, 16)).tolist() == [12, 12, 23, 23]
    assert FRAME.positions(np.array([[3.0, 5.0]]), (16, 16)).tolist() == [[13.5, 21.5]]


@given(SIZES, st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=40)
def test_boxes_stay_in_order(shape: tuple[int, int], a: float, b: float) -> None:
    low, high = sorted((a, b))
    corners = [[f * (n - 1) for n in shape] for f in (low, high)]

    x0, y0, x1, y1 = FRAME.box(Box(*corners), shape).tolist()

    assert x0 <= x1
    assert y0 <= y1
    assert max(x1, y1) < 64


def test_min_max_spans_all_channels_and_takes_a_constant_picture() -> None:
    picture = np.full((8, 8, 3), 50, np.float32)
    assert (FRAME.pixels(picture) == 0).all()
    picture[..., 2] = 150
    picture[0, 0, 0] = 25
    pixels = FRAME.pixels(picture)
    assert pixels.max() == 1
    assert torch.allclose(pixels[0, 1], torch.tensor(0.2))


def test_imagenet_statistics() -> None:
    """SAM subtracts and divides per channel, and pads with zeros after that."""
    frame = Frame(64, 16, imagenet)
    pixels = frame.pixels(np.full((64, 32, 3), 100, np.float32))[0]

    assert pixels[:, 0, 0].numpy() == pytest.approx(
        [(100 - 123.675) / 58.395, (100 - 116.28) / 57.12, (100 - 103.53) / 57.375], rel=1e-5
    )
    assert (pixels[:, 32:] == 0).all()


def test_a_stretched_square_has_no_padding() -> None:
    frame = Frame(64, 64, min_max, keep_aspect=False)

    assert frame.fit((10, 200)) == (64, 64)
    assert frame.positions(np.array([[4.0, 100.0]]), (10, 200)).tolist() == [[pytest.approx(4 * 6.4 + 2.7), 32]]
    assert frame.restore(torch.zeros(1, 1, 64, 64), (10, 200)).shape == (1, 1, 10, 200)


def test_a_coarser_grid_is_enlarged_before_padding_is_cut() -> None:
    frame = Frame(64, 16, imagenet)
    low_res = torch.zeros(1, 1, 16, 16)
    low_res[..., :4, :] = 1  # the upper quarter of the square; of a 64 x 32 picture the upper half

    full = frame.restore(low_res, (64, 32))[0, 0]

    assert (full[:, :12] == 1).all()
    assert (full[:, 20:] == 0).all()


def test_a_drawn_mask_lands_on_its_place_as_zeros_and_ones() -> None:
    mask = np.zeros((128, 64), bool)
    mask[64:, :32] = True  # right and up
    mask[10:13, 40:43] = True
    drawn = FRAME.drawn(MaskHint.from_mask(mask, 0.1), (128, 64))[0]
    x, y = FRAME.fit((128, 64))
    assert drawn.shape == (FRAME.side, FRAME.side)
    assert set(drawn.flatten().tolist()) == {0.0, 1.0}
    assert drawn[: y // 2, x // 2 : x].all()
    assert not drawn[y:].any()
    assert not drawn[:, x:].any()
    with pytest.raises(PromptError, match=r"image frame needs shape \(64, 128\); received \(128, 64\)"):
        FRAME.drawn(MaskHint.from_mask(mask), (64, 128))


def test_a_mask_hint_lands_on_its_place_and_the_padding_is_background() -> None:
    mask = np.zeros((128, 64), bool)
    mask[64:, :32] = True  # right and up

    hint = FRAME.hint(MaskHint.from_mask(mask), (128, 64))[0]

    assert hint.shape == (64, 64)
    assert (hint[:15, 33:] == 10).all()
    assert (hint[:15, :31] == -10).all()
    assert (hint[17:] == -10).all()


def test_a_hint_of_the_model_is_fed_back_as_it_is() -> None:
    logits = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)

    assert np.array_equal(FRAME.hint(MaskHint(logits, "model"), (128, 64))[0].numpy(), logits)


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (MaskHint(np.zeros((64, 128), np.float32)), r"needs shape \(128, 64\); received \(64, 128\)"),
        (MaskHint(np.zeros((128, 64), np.float32), "model"), r"model frame needs shape \(64, 64\)"),
    ],
)
def test_hints_that_do_not_fit_are_refused(hint: MaskHint, words: str) -> None:
    with pytest.raises(PromptError, match=words):
        FRAME.hint(hint, (128, 64))


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (4, 4, 4), (0, 4, 3)])
def test_pictures_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="A picture is"):
        FRAME.pixels(np.zeros(shape, np.float32))


def test_pictures_that_are_not_finite_are_refused() -> None:
    picture = np.zeros((4, 4, 3), np.float32)
    picture[1, 2, 0] = np.inf
    with pytest.raises(InputError, match="not finite"):
        FRAME.pixels(picture)


def test_inputs_are_not_changed() -> None:
    picture = _ramp(40, 64)
    picture.flags.writeable = False
    logits = np.ones((64, 64), np.float32)
    logits.flags.writeable = False

    FRAME.pixels(picture)
    FRAME.hint(MaskHint(logits, "model"), (40, 64))
