"""Framings under VolumePredictor: what is encoded, what comes back, and what may be fed back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samaritan.core import Box, Geometry, MaskHint, Points, PromptError, PromptSet, Volume, Window
from samaritan.core.store import ArrayStore
from samaritan.models import load_model
from samaritan.predict import EmbeddingCache, VolumePredictor, predict
from samaritan.predict.framing import OUTSIDE

from ..conftest import ThresholdSegmenter

BOX = PromptSet(box=Box((30, 20), (45, 33)))
OTHER = PromptSet(box=Box((0, 60), (11, 69)))


@pytest.fixture
def picture() -> Volume:
    """90 x 70, noise with two bright blocks, under BOX and under OTHER."""
    data = np.random.default_rng(0).integers(0, 90, (90, 70, 1), dtype=np.uint8)
    data[30:46, 20:34] += 120
    data[0:12, 60:70] += 120
    return Volume(data, Geometry.pixels(90, 70))


def test_the_model_sees_the_square_and_the_mask_lies_where_it_was(
    segmenter: ThresholdSegmenter, picture: Volume
) -> None:
    for framing in ("zoom:1", "zoom:1.5", "zoom:3", "tiles:2", "tiles:3"):
        found = VolumePredictor(segmenter, picture, framing=framing, intensity="asis").decode(0, [BOX, OTHER])
        for answer, prompt in zip(found, (BOX, OTHER), strict=True):
            (whole,) = VolumePredictor(segmenter, picture, intensity="asis").decode(0, [prompt])
            assert np.array_equal(answer.masks, whole.masks), framing


def test_logits_inside_a_zoom_are_the_models_own(picture: Volume) -> None:
    model = load_model("tiny-litemedsam")
    (found,) = VolumePredictor(model, picture, framing="zoom:2").decode(0, [BOX])
    window = Window((22, 11), (32, 32))
    pixels = VolumePredictor(model, picture).picture(0)[window.slices]
    lowered = PromptSet(box=Box((8, 9), (23, 22)))
    (alone,) = model.decode(model.encode(np.ascontiguousarray(pixels)), [lowered])
    assert np.array_equal(found.logits[:, *window.slices], alone.logits)
    assert (found.logits == OUTSIDE).sum() == 90 * 70 - 32 * 32
    assert np.array_equal(found.quality, alone.quality)


def test_grey_values_are_scaled_as_in_the_whole_image(segmenter: ThresholdSegmenter, picture: Volume) -> None:
    predictor = VolumePredictor(segmenter, picture, intensity="full")
    window = Window((30, 20), (5, 4))
    assert np.array_equal(predictor.picture(0, window), predictor.picture(0)[window.slices])
    assert predictor.picture(0, window).flags.c_contiguous


def test_whole_is_what_no_framing_gives(picture: Volume) -> None:
    model = load_model("tiny-litemedsam")
    (plain,) = VolumePredictor(model, picture).decode(0, [BOX])
    (alone,) = model.decode(model.encode(VolumePredictor(model, picture).picture(0)), [BOX])
    for name in ("logits", "quality", "low_res"):
        assert np.array_equal(getattr(plain, name), getattr(alone, name))
    (tiled,) = VolumePredictor(model, picture, framing="tiles:1").decode(0, [BOX])
    assert np.abs(tiled.logits - plain.logits).max() < 1e-4


def test_one_encoding_per_part_whatever_the_prompts(segmenter: ThresholdSegmenter, picture: Volume) -> None:
    predictor = VolumePredictor(segmenter, picture, framing="zoom:1.5")
    click = PromptSet(points=Points((35, 25), 1), box=BOX.box)
    for _ in range(3):
        predictor.decode(0, [BOX, OTHER, click, BOX])
    assert predictor.encode_calls == segmenter.encoded == 2
    predictor.decode(0, [PromptSet(points=Points((35, 25), 1))] * 2)  # whole
    assert predictor.encode_calls == 3


def test_tiles_are_shared(segmenter: ThresholdSegmenter, picture: Volume) -> None:
    predictor = VolumePredictor(segmenter, picture, framing="tiles:2")
    predictor.decode(0, [BOX, OTHER, PromptSet(box=Box((0, 0), (89, 69)))])
    assert predictor.encode_calls == segmenter.encoded == 4


def test_nothing_is_encoded_without_prompts(segmenter: ThresholdSegmenter, picture: Volume) -> None:
    assert VolumePredictor(segmenter, picture, framing="tiles:2").decode(0, []) == []
    assert segmenter.encoded == 0


def test_parts_are_read_from_the_cache_by_their_pixels(tmp_path: Path, picture: Volume) -> None:
    model = load_model("tiny-litemedsam")
    cache = EmbeddingCache(ArrayStore(tmp_path, limit=10**8, what="stored embeddings"))
    first = VolumePredictor(model, picture, framing="zoom:2", cache=cache)
    (one,) = first.decode(0, [BOX])
    again = VolumePredictor(model, picture, framing="zoom:2", cache=cache)
    (two,) = again.decode(0, [BOX])
    assert (first.encode_calls, again.encode_calls, again.read_calls) == (1, 0, 1)
    assert np.array_equal(one.logits, two.logits)


def test_logits_that_are_fed_back_are_those_of_the_part(picture: Volume) -> None:
    model = load_model("tiny-litemedsam")
    predictor = VolumePredictor(model, picture, framing="zoom:2")
    (first,) = predictor.decode(0, [BOX])
    assert first.low_res.shape == (1, 70, 90)
    (fed,) = predictor.decode(0, [PromptSet(box=BOX.box, mask=MaskHint(first.low_res[0], "model"))])
    window = Window((22, 11), (32, 32))
    hint = MaskHint(first.logits[0][window.slices])
    embedding = predictor.embedding(0, window)
    (expected,) = model.decode(embedding, [PromptSet(box=Box((8, 9), (23, 22)), mask=hint)])
    assert np.array_equal(fed.logits[:, *window.slices], expected.logits)
    assert not np.array_equal(fed.logits, first.logits)
    assert predictor.encode_calls == 1


def test_logits_of_another_grid_are_refused(picture: Volume) -> None:
    predictor = VolumePredictor(load_model("tiny-litemedsam"), picture, framing="zoom:2")
    with pytest.raises(PromptError, match=r"\(70, 90\) \(y, x\); received \(64, 64\)"):
        predictor.decode(0, [PromptSet(box=BOX.box, mask=MaskHint(np.zeros((64, 64), np.float32), "model"))])


@pytest.mark.parametrize("framing", ["zoom:2", "tiles:2", "tiles:3"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (33, 2)])
def test_pictures_of_a_pixel_or_a_line(framing: str, shape: tuple[int, int]) -> None:
    data = np.arange(shape[0] * shape[1], dtype=np.uint8).reshape(*shape, 1)
    predictor = VolumePredictor(load_model("tiny-litemedsam"), Volume(data, Geometry.pixels(*shape)), framing=framing)
    (found,) = predictor.decode(0, [PromptSet(box=Box((0, 0), (shape[0] - 1, shape[1] - 1)))])
    assert found.logits.shape == (1, *shape)
    assert np.isfinite(found.logits).all()


def test_a_segmentation_says_its_framing_and_counts_its_parts(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    asked = {"block": [PromptSet(box=Box((2, 3, 1), (5, 6, 3)))]}
    plain = predict(segmenter, phantom, asked)
    zoomed = predict(segmenter, phantom, asked, framing="zoom:1.5")
    assert (plain.framing, plain.encode_calls) == ("whole", 3)
    assert (zoomed.framing, zoomed.encode_calls) == ("zoom:1.5", 3)
    assert np.array_equal(plain.labelmap.data, zoomed.labelmap.data)
