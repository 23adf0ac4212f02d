"""Probabilistic SAM: one embedding, many answers; and each question of a training step with its own mask."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from samaritan.adapt import Adaptation, attach
from samaritan.adapt.probabilistic_sam import LatentDecoder
from samaritan.core import Box, PromptSet
from samaritan.models._anatomy import first_changed, steps
from samaritan.models._prompt_tensors import PromptTensors
from samaritan.models._sam import SamSegmenter

BOX = PromptSet(box=Box([3, 4], [20, 15]))
SHAPE = (31, 22)


def picture(seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0, 255, (*SHAPE, 3)).astype(np.float32)


def grown(segmenter: SamSegmenter) -> Adaptation:
    """Attached, with values where training would have put some."""
    adapted = attach(segmenter, "probabilistic-sam")
    last = decoder_of(adapted).token[-1]
    with torch.no_grad():
        last.weight.copy_(torch.randn(last.weight.shape, generator=torch.Generator().manual_seed(0)))  # type: ignore[operator,arg-type]
    adapted.train(False)
    return adapted


def decoder_of(adapted: Adaptation) -> LatentDecoder:
    decoder = adapted.network.mask_decoder
    assert isinstance(decoder, LatentDecoder)
    return decoder


@pytest.fixture(params=["tiny_sam", "tiny_litemedsam"])
def segmenter(request: pytest.FixtureRequest) -> SamSegmenter:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, SamSegmenter)
    return found


def test_embeddings_can_be_stored(segmenter: SamSegmenter) -> None:
    adapted = attach(segmenter, "probabilistic-sam")
    chain = steps(adapted.network)
    assert first_changed(chain, [*adapted.surgery.wrappers, *adapted.surgery.tuned]) == len(chain)


def test_one_embedding_many_answers(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter)
    embedding = segmenter.encode(picture())

    def logits(seed: int | None) -> Any:
        adapted.behaviour.draw(None if seed is None else torch.Generator().manual_seed(seed))
        return segmenter.decode(embedding, [BOX])[0].logits

    np.testing.assert_array_equal(logits(1), logits(1))
    assert np.abs(logits(1) - logits(2)).max() > 1e-3
    assert np.abs(logits(1) - logits(None)).max() > 1e-3


def test_the_code_is_added_to_every_token(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter)
    decoder, seen = decoder_of(adapted), []
    decoder.base.register_forward_pre_hook(
        lambda _, __, given: seen.append(given["sparse_prompt_embeddings"]), with_kwargs=True
    )
    embedding = segmenter.encode(picture())
    segmenter.decode(embedding, [BOX])
    prompts = segmenter.prompt_tensors([BOX], SHAPE)
    with torch.no_grad():
        sparse, _ = segmenter.network.embed_prompts(prompts)
        code = decoder.space.prior(embedding.features["image"]).mean
        assert sparse is not None
        torch.testing.assert_close(seen[0] - sparse, decoder.token(code)[:, None, None].expand_as(sparse))


def test_without_a_token_nothing_is_added(segmenter: SamSegmenter) -> None:
    """To the last bit where both run the own decoder; the plain model is answered by the quick one, which rounds otherwise."""
    prompts, features = segmenter.prompt_tensors([PromptSet(text="liver")], SHAPE), segmenter.encode(picture())
    quick = segmenter.decode(features, [PromptSet(text="liver")])[0].low_res
    with torch.inference_mode():
        plain, _ = segmenter.network.decode(features.features["image"], prompts, multimask=False)
        grown(segmenter)
        found, _ = segmenter.network.decode(features.features["image"], prompts, multimask=False)
    assert torch.equal(found, plain)
    np.testing.assert_allclose(segmenter.decode(features, [PromptSet(text="liver")])[0].low_res, quick, atol=1e-5)


def test_each_question_of_a_step_has_its_own_mask(segmenter: SamSegmenter) -> None:
    """Questions of one kind are decoded together, so the first decode of a step may be about the third question."""
    adapted = grown(segmenter)
    features = segmenter.encode(picture()).features["image"].clone()
    masks = torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(0)).round()
    adapted.train(True)
    with torch.random.fork_rng():
        adapted.behaviour.observe(torch.zeros(3, 3, 8, 8), masks)

    def logits(items: list[int]) -> Tensor:
        adapted.behaviour.ask(items)
        prompts = PromptTensors.join([segmenter.prompt_tensors([BOX], SHAPE)] * len(items))
        with torch.no_grad():
            return adapted.network.decode(features.repeat(len(items), 1, 1, 1), prompts, multimask=False)[0]

    together = logits([0, 1, 2])
    assert not torch.allclose(together[0], together[2], atol=1e-3)
    torch.testing.assert_close(logits([2, 0]), together[[2, 0]], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(logits([1]), together[[1]], atol=1e-4, rtol=1e-4)


def test_the_divergence_is_that_of_the_questions_that_train(segmenter: SamSegmenter) -> None:
    adapted = attach(segmenter, "probabilistic-sam", {"beta": 1.0})
    features = segmenter.encode(picture()).features["image"].clone()
    adapted.train(True)
    masks = torch.stack([torch.zeros(1, 32, 32), torch.ones(1, 32, 32)])
    prompts = segmenter.prompt_tensors([BOX], SHAPE)
    found = []
    for items in ([0], [1], [0, 1]):
        with torch.random.fork_rng():
            adapted.behaviour.observe(torch.zeros(2, 3, 8, 8), masks)
        for item in items:
            adapted.behaviour.ask([item])
            with torch.no_grad():  # an earlier round of the conversation does not count
                adapted.network.decode(features, prompts, multimask=False)
            adapted.network.decode(features, prompts, multimask=False)
        penalty = adapted.behaviour.penalty()
        assert penalty is not None
        found.append(float(penalty.detach()))
        adapted.behaviour.finish()
    assert found[0] != found[1]
    assert found[2] == pytest.approx((found[0] + found[1]) / 2, rel=1e-5)


def test_masks_are_not_looked_at_in_evaluation(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter)
    embedding = segmenter.encode(picture())
    expected = segmenter.decode(embedding, [BOX])[0].logits
    adapted.train(True)
    adapted.behaviour.observe(torch.zeros(1, 3, 8, 8), torch.ones(1, 1, 32, 32))
    np.testing.assert_array_equal(segmenter.decode(embedding, [BOX])[0].logits, expected)


def test_questions_about_one_picture_ask_its_prior_once(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter)
    sizes: list[int] = []
    decoder_of(adapted).space.prior.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    segmenter.decode(segmenter.encode(picture()), [BOX, BOX, BOX])
    assert sizes == [1]
