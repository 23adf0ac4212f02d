"""Several answers to one question, and what they say together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from samaritan.adapt import Adaptation, Consensus, attach, draw_samples
from samaritan.core import Box, InputError, Points, PromptError, PromptSet, UsageError
from samaritan.models import Prediction
from samaritan.models._anatomy import encoder_blocks
from samaritan.models._sam import SamSegmenter

PROMPTS = [PromptSet(box=Box([3, 4], [20, 15])), PromptSet(points=Points([[10, 9]], [1]))]


def picture() -> Any:
    return np.random.default_rng(0).uniform(0, 255, (31, 22, 3)).astype(np.float32)


def grown(segmenter: SamSegmenter, method: str, **settings: Any) -> Adaptation:
    """Attached, with values where training would have put some."""
    adapted = attach(segmenter, method, settings)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in adapted.named_trainable().values():
            if not parameter.any():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
    adapted.train(False)
    return adapted


@pytest.fixture(params=["tiny_sam", "tiny_litemedsam"])
def segmenter(request: pytest.FixtureRequest) -> SamSegmenter:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, SamSegmenter)
    return found


def logits(samples: list[list[Prediction]]) -> Any:
    """(sample, prompt, x, y)."""
    return np.array([[answer.logits[0] for answer in sample] for sample in samples])


@pytest.mark.parametrize("method", ["ua-sam", "probabilistic-sam"])
def test_samples_differ_and_follow_the_seed(segmenter: SamSegmenter, method: str) -> None:
    adapted = grown(segmenter, method)
    found = logits(draw_samples(adapted, picture(), PROMPTS, 3, seed=1))
    assert found.shape == (3, 2, 31, 22)
    assert np.abs(found[0] - found[1]).max() > 1e-3
    assert np.abs(found[1] - found[2]).max() > 1e-3
    np.testing.assert_array_equal(logits(draw_samples(adapted, picture(), PROMPTS, 2, seed=1)), found[:2])
    assert np.abs(logits(draw_samples(adapted, picture(), PROMPTS, 1, seed=2)) - found[:1]).max() > 1e-3


@pytest.mark.parametrize("method", ["ua-sam", "probabilistic-sam"])
def test_a_sample_is_what_the_model_answers_under_that_draw(segmenter: SamSegmenter, method: str) -> None:
    """The stored half of the encoder makes no difference."""
    adapted = grown(segmenter, method, **({"blocks": "last:1"} if method == "ua-sam" else {}))
    found = logits(draw_samples(adapted, picture(), PROMPTS, 2, seed=1))
    generator = torch.Generator().manual_seed(1)
    for sample in found:
        adapted.behaviour.draw(generator)
        expected = [p.logits[0] for p in segmenter.decode(segmenter.encode(picture()), PROMPTS)]
        np.testing.assert_allclose(sample, expected, atol=1e-5)


def test_the_lower_blocks_run_once(segmenter: SamSegmenter) -> None:
    blocks = encoder_blocks(segmenter.network)
    adapted = grown(segmenter, "ua-sam", blocks="last:1")
    runs: dict[str, int] = {}
    for block in (blocks[0], blocks[-1]):
        module = segmenter.network.get_submodule(block.path)
        module.register_forward_pre_hook(lambda *_, path=block.path: runs.update({path: runs.get(path, 0) + 1}))
    draw_samples(adapted, picture(), PROMPTS, 4, seed=0)
    assert runs == {blocks[0].path: 1, blocks[-1].path: 4}


def test_afterwards_the_model_answers_as_before(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter, "ua-sam")
    adapted.train(True)
    before = segmenter.encode(picture()).features["image"]
    modes = [module.training for module in adapted.network.modules()]
    draw_samples(adapted, picture(), PROMPTS, 2, seed=0)
    assert torch.equal(segmenter.encode(picture()).features["image"], before)
    assert [module.training for module in adapted.network.modules()] == modes


def test_without_the_latent_it_is_the_most_likely_answer(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter, "ua-sam")
    found = logits(draw_samples(adapted, picture(), PROMPTS, 3, seed=0, latent=False))
    expected = [p.logits[0] for p in segmenter.decode(segmenter.encode(picture()), PROMPTS)]
    for sample in found:
        np.testing.assert_allclose(sample, expected, atol=1e-5)


def test_a_deterministic_method_repeats_itself(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter, "lora")
    found = logits(draw_samples(adapted, picture(), PROMPTS, 3, seed=0))
    expected = [p.logits[0] for p in segmenter.decode(segmenter.encode(picture()), PROMPTS)]
    for sample in found:
        np.testing.assert_allclose(sample, expected, atol=1e-5)


def test_boxes_wander_and_clicks_stay(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter, "lora")
    found = logits(draw_samples(adapted, picture(), PROMPTS, 3, seed=0, jitter="3px"))
    assert np.abs(found[0, 0] - found[1, 0]).max() > 1e-4
    np.testing.assert_array_equal(found[0, 1], found[1, 1])
    np.testing.assert_array_equal(found, logits(draw_samples(adapted, picture(), PROMPTS, 3, seed=0, jitter="3px")))


def test_bad_requests_are_refused(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "decoder")
    with pytest.raises(InputError, match="At least one sample"):
        draw_samples(adapted, picture(), PROMPTS, 0, seed=0)
    with pytest.raises(UsageError):
        draw_samples(adapted, picture(), PROMPTS, 1, seed=0, jitter="much")
    with pytest.raises(PromptError):
        draw_samples(adapted, picture(), [PromptSet(box=Box([0, 0], [99, 9]))], 1, seed=0)
    with pytest.raises(InputError, match="at least one answer"):
        Consensus.of([])


def answer(*values: float) -> Prediction:
    one = np.array(values, np.float32)[None, :, None]
    return Prediction(one, np.zeros(1, np.float32), one)


def test_a_consensus_by_hand() -> None:
    log3 = math.log(3)
    found = Consensus.of([answer(log3, 50, 50), answer(-log3, 50, -50)])
    np.testing.assert_allclose(found.probability[0, :, 0], [0.5, 1, 0.5], atol=1e-6)
    np.testing.assert_allclose(found.entropy[0, :, 0], [math.log(2), 0, math.log(2)], atol=1e-6)
    assert found.masks[0, :, 0].tolist() == [False, True, False]


def test_one_answer_is_its_own_consensus_and_order_does_not_matter() -> None:
    one, other = answer(0.3, -2, 1), answer(2, 2, -1)
    np.testing.assert_array_equal(Consensus.of([one]).masks, one.masks)
    np.testing.assert_allclose(Consensus.of([one, other]).entropy, Consensus.of([other, one]).entropy)
