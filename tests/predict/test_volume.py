from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from samaritan.core import Box, Geometry, InputError, Points, PromptError, PromptSet, UsageError, Volume
from samaritan.models._base import Embedding, Segmenter
from samaritan.predict import VolumePredictor

from .conftest import ThresholdSegmenter

BOX = PromptSet(box=Box((2, 3), (5, 6)))
CLICK = PromptSet(points=Points([(3, 4)], [1]))


def test_stand_in_follows_the_contract(segmenter: ThresholdSegmenter) -> None:
    assert isinstance(segmenter, Segmenter)


def test_one_encoding_per_slice_whatever_the_number_of_prompts(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    predictor = VolumePredictor(segmenter, phantom)
    for index in range(predictor.view.count):
        predictor.decode(index, [BOX])
        predictor.decode(index, [BOX, CLICK, BOX], multimask=True)
        predictor.decode(index, [CLICK])
    assert segmenter.encoded == predictor.encode_calls == predictor.view.count == 5
    assert predictor.encode_seconds > 0


@pytest.mark.parametrize(("keep", "calls"), [(1, 4), (2, 2), (0, 4)])
def test_least_recently_used_embedding_goes_first(
    segmenter: ThresholdSegmenter, phantom: Volume, keep: int, calls: int
) -> None:
    predictor = VolumePredictor(segmenter, phantom, keep=keep)
    for index in (0, 1, 0, 1):
        predictor.embedding(index)
    assert predictor.encode_calls == calls


def test_embedded_slices_are_those_that_need_the_decoder_only(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    predictor = VolumePredictor(segmenter, phantom, keep=1)
    assert not predictor.embedded(0)
    predictor.embed(1)
    predictor.embed(0)
    assert [predictor.embedded(index) for index in range(3)] == [True, False, False]
    predictor.decode(0, [BOX])
    assert predictor.encode_calls == 2


def test_no_slice_counts_as_embedded_where_the_prompt_decides_what_is_looked_at(
    segmenter: ThresholdSegmenter, phantom: Volume
) -> None:
    predictor = VolumePredictor(segmenter, phantom, framing="zoom:1.5")
    predictor.embed(0)
    assert not predictor.embedded(0)


def test_picture_is_scaled_with_limits_of_the_whole_volume(segmenter: ThresholdSegmenter) -> None:
    data = np.zeros((4, 3, 2), np.float32)
    data[..., 0], data[..., 1] = 10, 30
    predictor = VolumePredictor(segmenter, Volume(data, Geometry.from_spacing((4, 3, 2), (1, 1, 1))), intensity="full")
    assert predictor.picture(0).shape == (4, 3, 3)
    assert set(np.unique(predictor.picture(0))) == {0.0}
    assert set(np.unique(predictor.picture(1))) == {255.0}


def test_colour_reaches_the_model_as_it_is(segmenter: ThresholdSegmenter) -> None:
    data = np.random.default_rng(0).integers(0, 256, (6, 4, 1, 3), dtype=np.uint8)
    predictor = VolumePredictor(segmenter, Volume(data, Geometry.pixels(6, 4)))
    assert np.array_equal(predictor.picture(0), data[:, :, 0])


def test_answer_has_the_pictures_size_and_place(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    (prediction,) = VolumePredictor(segmenter, phantom).decode(2, [BOX])
    expected = np.zeros((12, 9), bool)
    expected[2:6, 3:7] = True
    assert np.array_equal(prediction.masks[0], expected)


def test_nothing_is_encoded_without_prompts(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    assert VolumePredictor(segmenter, phantom).decode(0, []) == []
    assert segmenter.encoded == 0


def test_prompt_outside_is_refused_before_the_encoder_runs(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    predictor = VolumePredictor(segmenter, phantom)
    with pytest.raises(PromptError, match="outside the image"):
        predictor.decode(0, [PromptSet(points=Points([(3, 11)], [1]))])  # inside only with x and y swapped
    assert segmenter.encoded == 0


@pytest.mark.parametrize("index", [-1, 5])
def test_slice_that_does_not_exist_is_refused(segmenter: ThresholdSegmenter, phantom: Volume, index: int) -> None:
    with pytest.raises(InputError, match=r"slices run from 0 to 4"):
        VolumePredictor(segmenter, phantom).decode(index, [BOX])


def test_nan_in_a_slice_is_refused(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    data = phantom.data.copy()
    data[0, 0, 0] = np.nan
    predictor = VolumePredictor(segmenter, Volume(data, phantom.geometry), intensity="window:100/200")
    with pytest.raises(InputError, match="not finite"):
        predictor.embedding(0)
    predictor.embedding(1)


def test_unknown_plane_and_policy_are_refused(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    with pytest.raises(UsageError, match="plane"):
        VolumePredictor(segmenter, phantom, plane="oblique")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="intensity policy"):
        VolumePredictor(segmenter, phantom, intensity="ct:knee")


class StackSegmenter(ThresholdSegmenter):
    """Wants neighbours, and writes down what it got: the embedding's second channel is the number of the stack."""

    depth = 2

    def encode_stack(self, pictures: Sequence[NDArray[np.float32]]) -> list[Embedding]:
        self.batches.append(len(pictures))
        encoded = [self.encode(picture) for picture in pictures]
        stack = torch.tensor(float(len(self.batches)))
        return [Embedding({**e.features, "stack": stack}, e.shape) for e in encoded]


@pytest.mark.parametrize(("depth", "sizes"), [(2, [2, 2, 2]), (3, [3, 3]), (5, [5]), (9, [5])])
def test_depth_aware_models_get_neighbours(phantom: Volume, depth: int, sizes: list[int]) -> None:
    segmenter = StackSegmenter()
    segmenter.depth = depth
    predictor = VolumePredictor(segmenter, phantom)
    found = [predictor.embedding(k) for k in range(5) for _ in range(2)][::2]
    assert segmenter.batches == sizes
    assert predictor.encode_calls == segmenter.encoded == sum(sizes)
    assert [int(e.features["stack"]) for e in found] == [1 + k // min(depth, 5) for k in range(5)]
    for k, embedding in enumerate(found):
        assert np.array_equal(embedding.features["image"][0, 0].numpy().T, predictor.picture(k)[..., 0])


def test_a_slice_belongs_to_the_same_stack_whatever_is_asked_first(phantom: Volume) -> None:
    predictor = VolumePredictor(StackSegmenter(), phantom)
    assert int(predictor.embedding(4).features["stack"]) == 1  # encoded with slice 3, which
    assert int(predictor.embedding(3).features["stack"]) == 2  # goes with slice 2 all the same
    assert int(predictor.embedding(2).features["stack"]) == 2


def test_a_single_picture_has_no_neighbours() -> None:
    data = np.random.default_rng(0).integers(0, 256, (6, 4, 1, 3), dtype=np.uint8)
    segmenter = StackSegmenter()
    VolumePredictor(segmenter, Volume(data, Geometry.pixels(6, 4))).embedding(0)
    assert segmenter.encoded == 1
    assert segmenter.batches == []
