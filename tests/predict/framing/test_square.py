from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from samaritan.core import Box, Geometry, MaskHint, PromptSet, UsageError, Volume, Window
from samaritan.core.store import ArrayStore
from samaritan.models import load_model
from samaritan.models._base import Prediction
from samaritan.predict import EmbeddingCache, VolumePredictor
from samaritan.predict.framing import Look, make_framing
from samaritan.predict.framing._stretched import Stretched
from samaritan.predict.framing.square import LARGEST, MOST, Square, squared
from samaritan.predict.framing.whole import Whole

BOX = PromptSet(box=Box((3, 10), (5, 30)))


def test_pixels_that_are_nearly_square_are_left_alone() -> None:
    assert make_framing("square", (1.0, 1.0)) == Whole()
    assert make_framing("square", (0.67, 1.0)) == Whole()
    assert make_framing("square", (1.0, 1.5)) == Square((1.0, 1.5))
    assert make_framing("whole", (1.0, 6.0)) == Whole()


def test_the_picture_grows_along_its_longer_pixels_alone() -> None:
    assert squared((256, 25), (0.78125, 6.5)) == (256, 208)
    assert squared((25, 256), (6.5, 0.78125)) == (208, 256)
    assert squared((25, 256), (1.0, 1.0)) == (25, 256)


def test_no_axis_grows_without_limit() -> None:
    assert squared((40, 512), (100.0, 1.0)) == (LARGEST, 512)
    assert squared((600, 512), (100.0, 1.0)) == (MOST * 600, 512)


def test_the_whole_picture_is_looked_at_once() -> None:
    framing = Square((5.0, 1.0))
    (window,) = framing.next(BOX, (8, 40), [])
    assert window == Stretched((0, 0), (8, 40), (40, 40))
    assert window != Window.whole((8, 40))  # neither are their embeddings
    assert not framing.prompted


def test_answers_come_back_on_the_pictures_own_pixels() -> None:
    framing = Square((5.0, 1.0))
    (window,) = framing.next(BOX, (8, 40), [])
    seen = np.zeros((1, 40, 40), np.float32) - 3
    seen[:, 15:30, 10:31] = 3  # pixels 3, 4 and 5 of the picture
    answer = framing.fuse(BOX, (8, 40), [Look(window, Prediction(seen, np.ones(1, np.float32), seen))])
    assert np.argwhere(answer.logits[0] > 0).min(axis=0).tolist() == [3, 10]
    assert np.argwhere(answer.logits[0] > 0).max(axis=0).tolist() == [5, 30]
    assert answer.logits.shape == (1, 8, 40)
    assert np.array_equal(answer.low_res, answer.logits.swapaxes(1, 2))


def test_nothing_stands_behind_the_name() -> None:
    with pytest.raises(UsageError, match="takes nothing behind its name"):
        make_framing("square:2")


def volume(thick: float) -> Volume:
    data = np.random.default_rng(0).random((20, 24, 6)).astype(np.float32)
    return Volume(data, Geometry.from_spacing(data.shape, (1.0, 1.0, thick)))


def test_a_predictor_shows_square_pixels_and_answers_in_its_own() -> None:
    predictor = VolumePredictor(load_model("tiny-litemedsam"), volume(4.0), plane="coronal", framing="square")
    (window,) = predictor.framing.next(BOX, predictor.view.shape, [])
    assert predictor.view.shape == (20, 6)
    assert predictor.picture(3, window).shape == (20, 24, 3)
    prompt = PromptSet(box=Box((2, 1), (9, 3)))
    (first,) = predictor.decode(3, [prompt])
    (again,) = predictor.decode(3, [prompt])
    assert first.logits.shape[1:] == (20, 6)
    assert np.array_equal(first.logits, again.logits)
    assert predictor.encode_calls == 1


@pytest.mark.parametrize(("thick", "shared"), [(1.0, True), (4.0, False)])
def test_embeddings_are_shared_with_whole_where_the_picture_is_the_same(
    tmp_path: Path, thick: float, shared: bool
) -> None:
    segmenter, cache = load_model("tiny-litemedsam"), EmbeddingCache(ArrayStore(tmp_path / "store", limit=10**8))
    predictors = [
        VolumePredictor(segmenter, volume(thick), plane="coronal", framing=name, cache=cache)
        for name in ("whole", "square")
    ]
    for predictor in predictors:
        predictor.embed(3)
    assert [predictor.encode_calls for predictor in predictors] == [1, 0 if shared else 1]


def test_on_square_pixels_it_is_whole_to_the_last_bit() -> None:
    segmenter = load_model("tiny-litemedsam")
    prompt = PromptSet(box=Box((2, 1), (9, 3)))
    whole, square = (
        VolumePredictor(segmenter, volume(1.0), plane="coronal", framing=name) for name in ("whole", "square")
    )
    (one,), (other,) = whole.decode(3, [prompt]), square.decode(3, [prompt])
    assert np.array_equal(one.logits, other.logits)
    assert np.array_equal(one.low_res, other.low_res)
    assert square.framing.name == "whole"


def test_what_is_fed_back_travels_along() -> None:
    predictor = VolumePredictor(load_model("tiny-litemedsam"), volume(4.0), plane="coronal", framing="square")
    prompt = PromptSet(box=Box((2, 1), (9, 3)))
    (first,) = predictor.decode(3, [prompt])
    (second,) = predictor.decode(3, [replace(prompt, mask=MaskHint(first.low_res[0], "model"))])
    (drawn,) = predictor.decode(3, [replace(prompt, mask=MaskHint(first.logits[0]))])
    assert np.array_equal(second.logits, drawn.logits)
    assert not np.array_equal(second.logits, first.logits)
