"""The graph of prompt encoder and mask decoder: any number of prompts, of any number of points."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from samaritan.core import Box, Points, PromptSet
from samaritan.export._parity import points_of
from samaritan.export._run import Graphs
from tests.export.conftest import fresh

SHAPE = (50, 37)
PICTURE = np.random.default_rng(0).uniform(0, 255, (*SHAPE, 3)).astype(np.float32)
PROMPTS = [
    PromptSet(box=Box([3, 4], [20, 15])),
    PromptSet(Points([[10, 9]], [1])),
    PromptSet(Points([[10, 9], [2, 17], [40, 30], [5, 5]], [1, 0, 1, 0])),
    PromptSet(Points([[10, 9], [30, 3]], [1, 0]), Box([3, 4], [20, 15])),
]


@pytest.mark.parametrize("prompt", PROMPTS, ids=["box", "point", "points", "box and points"])
def test_tokens_are_those_of_the_prompt_encoder(prompt: PromptSet) -> None:
    segmenter = fresh()
    points, labels = (torch.from_numpy(array)[None] for array in points_of(segmenter, prompt, SHAPE))
    with torch.inference_mode():
        tokens = segmenter.network.prompt_encoder.tokens(points[:, None], labels[:, None])
        expected, _ = segmenter.network.embed_prompts(segmenter.prompt_tensors([prompt], SHAPE))
    assert expected is not None
    assert torch.allclose(tokens, expected, atol=1e-6)


@pytest.mark.parametrize("prompt", PROMPTS, ids=["box", "point", "points", "box and points"])
@pytest.mark.slow
def test_a_prompt_of_any_length_gives_torch_s_logits(prompt: PromptSet, graphs: Graphs) -> None:
    segmenter = fresh()
    embedding = segmenter.encode(PICTURE)
    features = graphs.encode(segmenter.frame.pixels(PICTURE).numpy())
    assert np.allclose(features, embedding.features["image"].numpy(), atol=1e-4)
    points, labels = points_of(segmenter, prompt, SHAPE)
    logits, quality = graphs.decode(features, points[None], labels[None])
    (expected,) = segmenter.decode(embedding, [prompt])
    assert np.allclose(logits[0], expected.low_res, atol=1e-4)
    assert np.allclose(quality[0], expected.quality, atol=1e-4)


@pytest.mark.slow
def test_a_batch_gives_what_its_prompts_give_alone(graphs: Graphs) -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=fresh().network.position_grid.shape).astype(np.float32)
    points = rng.uniform(0, 64, (7, 3, 2)).astype(np.float32)
    labels = rng.integers(-1, 4, (7, 3))
    together = graphs.decode(features, points, labels)
    for n in range(7):
        alone = graphs.decode(features, points[n : n + 1], labels[n : n + 1])
        for one, other in zip(together, alone, strict=True):
            assert np.allclose(one[n], other[0], atol=1e-5)
