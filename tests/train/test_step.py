"""One pass: what a method is told about the questions of a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from samaritan.adapt import attach
from samaritan.adapt.probabilistic_sam import LatentDecoder
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from samaritan.prompts import make_prompt
from samaritan.train._features import Trunk
from samaritan.train._loss import Weights
from samaritan.train._questions import Question
from samaritan.train._step import Batch, Step

SHAPE = (24, 32)


def question(number: int, picture: int, prompt: str) -> Question:
    mask = np.zeros(SHAPE, np.float32)
    mask[2 + 4 * number : 10 + 4 * number, 5:20] = 1
    rng, strategy = np.random.default_rng(number), make_prompt(prompt)
    asked = strategy.first(mask > 0, rng)[0]
    return Question(picture, SHAPE, mask, asked, strategy, 1, rng)


def test_every_question_is_learned_from_with_its_own_mask(monkeypatch: Any) -> None:
    """Boxes are decoded together and clicks together, so the order is not that of the questions."""
    segmenter = load_model("tiny-sam")
    assert isinstance(segmenter, SamSegmenter)
    adapted = attach(segmenter, "probabilistic-sam")
    adapted.train(True)
    trunk, frame = Trunk(adapted, None, ""), segmenter.frame
    pixels = [frame.pixels(np.random.default_rng(n).uniform(0, 255, (*SHAPE, 3)).astype(np.float32)) for n in (0, 1)]
    questions = [question(0, 0, "box"), question(1, 0, "point"), question(2, 1, "box")]
    decoder = segmenter.network.mask_decoder
    assert isinstance(decoder, LatentDecoder)
    learned: list[tuple[Tensor, Tensor]] = []
    learn = decoder.space.learn

    def listen(seen: Tensor, masks: Tensor, noise: Tensor) -> None:
        learned.append((seen, masks))
        learn(seen, masks, noise)

    monkeypatch.setattr(decoder.space, "learn", listen)
    features = [trunk.features(picture) for picture in pixels]
    with torch.random.fork_rng():
        step = Step(adapted, trunk, Weights(), "fp32")
        losses = step(Batch(pixels, features, questions))

    assert [len(masks) for _, masks in learned] == [2, 1]
    for number, (seen, mask) in zip(
        [0, 2, 1], [pair for call in learned for pair in zip(*call, strict=True)], strict=True
    ):
        assert torch.equal(mask, frame.reference(questions[number].mask[None]))
        assert torch.equal(seen, features[questions[number].picture][0])
    assert losses["penalty"] > 0
    step.finish()
    assert adapted.behaviour.penalty() is None, "the step is over"


@pytest.mark.parametrize(
    ("model", "method", "settings", "depth", "precision"),
    [
        ("tiny-litemedsam", "lora", {"dropout": 0.3}, 1, "fp32"),
        ("tiny-litemedsam", "late-layers", {}, 1, "bf16"),
        ("tiny-sam", "med-sa", {"depth": 3}, 3, "fp32"),
        ("tiny-sam", "full", {}, 1, "fp32"),
    ],
)
def test_what_is_computed_again_gives_the_same_gradients(
    model: str, method: str, settings: dict[str, Any], depth: int, precision: str
) -> None:
    def gradients(checkpointing: bool) -> dict[str, Tensor]:
        segmenter = load_model(model)
        assert isinstance(segmenter, SamSegmenter)
        adapted = attach(segmenter, method, settings)
        with torch.no_grad():  # what starts at zero lets no gradient through
            for weight in adapted.named_trainable().values():
                weight.add_(0.01 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(weight.numel())))
        adapted.train(True)
        trunk = Trunk(adapted, None, "", checkpointing=checkpointing)
        rng = np.random.default_rng(0)
        pixels = torch.cat(
            [segmenter.frame.pixels(rng.uniform(0, 255, (*SHAPE, 3)).astype(np.float32)) for _ in range(depth)]
        )
        features = torch.cat([trunk.features(pixels[n : n + 1]) for n in range(depth)])
        step = Step(adapted, trunk, Weights(), precision)
        with torch.random.fork_rng():
            torch.manual_seed(3)
            step(Batch([pixels], [features], [question(0, 0, "box"), question(1, 0, "point")], [depth // 2]))[
                "total"
            ].backward()
        step.finish()
        return {name: weight.grad for name, weight in adapted.named_trainable().items() if weight.grad is not None}

    kept, again = gradients(False), gradients(True)
    assert kept.keys() == again.keys()
    assert any("image_encoder" in name for name in kept)
    for name, gradient in kept.items():
        assert torch.equal(again[name], gradient), name
