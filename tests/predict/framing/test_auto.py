from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.core import Box, Geometry, Points, PromptSet, Volume, Window
from samaritan.models import load_model
from samaritan.predict import VolumePredictor
from samaritan.predict.framing import OUTSIDE, make_framing
from samaritan.predict.framing.auto import LEAST, agreement, extent_iou, fused, scores, windows

SHAPE = (100, 80)
BOX = PromptSet(box=Box((40, 35), (59, 44)))
CORNERS = (np.array([2.0, 2.0]), np.array([5.0, 7.0]))


def block(x0: int, y0: int, x1: int, y1: int) -> NDArray[np.bool_]:
    mask = np.zeros((10, 10), bool)
    mask[x0 : x1 + 1, y0 : y1 + 1] = True
    return mask


def test_the_whole_picture_and_three_squares() -> None:
    assert windows(BOX, SHAPE) == (
        Window((0, 0), SHAPE), Window((37, 27), (26, 26)), Window((30, 20), (40, 40)), Window((20, 10), (60, 60)),
    )  # fmt: skip


def test_fewer_squares_where_somebody_says_so() -> None:
    assert make_framing("auto:2").next(BOX, SHAPE, []) == (Window((0, 0), SHAPE), Window((30, 20), (40, 40)))


def test_squares_that_come_out_alike_are_looked_at_once() -> None:
    assert windows(PromptSet(box=Box((0, 0), (99, 79))), SHAPE) == (Window.whole(SHAPE),)
    assert windows(PromptSet(box=Box((50, 40), (50, 40))), (16, 16)) == (Window.whole((16, 16)),)
    assert windows(PromptSet(points=Points((5, 5), 1)), SHAPE) == (Window.whole(SHAPE),)


def test_extent_counts_whole_pixels() -> None:
    assert extent_iou(block(2, 2, 5, 7), CORNERS) == 1
    assert extent_iou(block(2, 2, 5, 4), CORNERS) == 0.5
    assert extent_iou(block(4, 2, 7, 7), CORNERS) == pytest.approx(12 / 36)
    assert extent_iou(block(8, 8, 9, 9), CORNERS) == extent_iou(np.zeros((10, 10), bool), CORNERS) == 0


def test_agreement_is_the_mean_dice_with_the_others() -> None:
    masks = np.stack([block(2, 2, 5, 7), block(2, 2, 5, 4), np.zeros((10, 10), bool), np.zeros((10, 10), bool)])
    found = agreement(masks[:, None])[:, 0]
    dice = 2 * 12 / (24 + 12)
    assert found == pytest.approx([dice / 3, dice / 3, 1 / 3, 1 / 3])
    assert agreement(masks[:1, None]) == 0


def test_scores_add_estimate_fit_and_agreement() -> None:
    masks = np.stack([block(2, 2, 5, 7), block(2, 2, 5, 4)])[:, None]
    quality = np.array([[0.9], [0.6]], np.float32)
    assert scores(masks, quality, CORNERS)[:, 0] == pytest.approx([0.9 + 1 + 2 / 3, 0.6 + 0.5 + 2 / 3])


def test_a_look_that_is_clearly_better_decides() -> None:
    good = np.where(block(2, 2, 5, 7), 3.0, -3.0)
    bad = np.where(block(8, 8, 9, 9), 3.0, -3.0)
    logits, quality = fused(
        np.stack([good, bad])[:, None].astype(np.float32), np.array([[0.9], [0.3]], np.float32), CORNERS
    )
    assert np.array_equal(logits[0] > 0, good > 0)
    assert np.abs(logits[0] - good).max() < 1e-3
    assert quality == pytest.approx([0.9], abs=1e-3)


def test_equal_looks_are_averaged_as_probabilities() -> None:
    one = np.where(block(2, 2, 5, 7), 2.0, -2.0).astype(np.float32)
    looks = np.stack([one, one])[:, None]
    logits, quality = fused(looks, np.array([[0.8], [0.8]], np.float32), CORNERS)
    assert np.abs(logits[0] - one).max() < 1e-4
    assert quality == pytest.approx([0.8])
    extreme, _ = fused(looks * 50, np.array([[0.8], [0.8]], np.float32), CORNERS)
    assert np.abs(extreme).max() == pytest.approx(np.log((1 - LEAST) / LEAST), rel=1e-2)


def test_candidates_are_fused_each_by_itself() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(3, 2, 10, 10)).astype(np.float32)
    quality = rng.random((3, 2)).astype(np.float32)
    together, estimates = fused(logits, quality, CORNERS)
    for c in (0, 1):
        alone, estimate = fused(logits[:, c : c + 1], quality[:, c : c + 1], CORNERS)
        assert np.allclose(alone[0], together[c], atol=1e-6)
        assert estimate[0] == pytest.approx(estimates[c])


def test_auto_is_the_fusion_of_the_framings_it_looks_through() -> None:
    data = np.random.default_rng(0).integers(0, 256, (100, 80, 1), dtype=np.uint8)
    model, volume = load_model("tiny-litemedsam"), Volume(data, Geometry.pixels(100, 80))
    predictor = VolumePredictor(model, volume, framing="auto")
    (found,) = predictor.decode(0, [BOX])
    assert predictor.encode_calls == 4
    looks = []
    for framing in ("whole", "zoom:1.3", "zoom:2", "zoom:3"):
        predictor.framing = make_framing(framing)
        looks += predictor.decode(0, [BOX])
    assert predictor.encode_calls == 4  # all of them were seen
    logits, quality = fused(
        np.stack([one.logits for one in looks]),
        np.stack([one.quality for one in looks]),
        (np.array([40.0, 35.0]), np.array([59.0, 44.0])),
    )
    assert np.array_equal(found.logits, logits)
    assert np.array_equal(found.quality, quality)
    assert np.array_equal(found.low_res, logits.swapaxes(1, 2))


def test_clicks_alone_cost_one_look() -> None:
    data = np.random.default_rng(0).integers(0, 256, (100, 80, 1), dtype=np.uint8)
    model, volume = load_model("tiny-litemedsam"), Volume(data, Geometry.pixels(100, 80))
    predictor, click = VolumePredictor(model, volume, framing="auto"), PromptSet(points=Points((50, 40), 1))
    (found,) = predictor.decode(0, [click])
    (whole,) = VolumePredictor(model, volume).decode(0, [click])
    assert predictor.encode_calls == 1
    assert np.array_equal(found.logits, whole.logits)
    assert (found.logits != OUTSIDE).all()


def test_a_long_thin_prompt_is_looked_at_along_its_length_as_one_more_look() -> None:
    layer = PromptSet(box=Box((10, 50), (149, 59)))
    data = np.random.default_rng(0).integers(0, 256, (160, 100, 1), dtype=np.uint8)
    model, volume = load_model("tiny-litemedsam"), Volume(data, Geometry.pixels(160, 100))
    predictor = VolumePredictor(model, volume, framing="auto")
    (found,) = predictor.decode(0, [layer])
    looks, calls = [], predictor.encode_calls
    for framing in ("whole", "along:3"):  # all squares about the prompt are the whole picture
        predictor.framing = make_framing(framing)
        looks += predictor.decode(0, [layer])
    assert calls == predictor.encode_calls == 1 + len(make_framing("along:3").next(layer, (160, 100), []))
    logits, quality = fused(
        np.stack([one.logits for one in looks]),
        np.stack([one.quality for one in looks]),
        (np.array([10.0, 50.0]), np.array([149.0, 59.0])),
    )
    assert np.array_equal(found.logits, logits)
    assert np.array_equal(found.quality, quality)
