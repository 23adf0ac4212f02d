"""Heads that need no prompt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from samaritan.adapt import Adaptation, attach
from samaritan.core import Box, MaskHint, Points, PromptError, PromptSet, UsageError
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter

LABELS = ("liver", "spleen", "heart")
HEADS = ["tokens", "conv", "linear"]


@pytest.fixture(params=["tiny-sam", "tiny-litemedsam"])
def segmenter(request: pytest.FixtureRequest) -> SamSegmenter:
    model = load_model(request.param)
    assert isinstance(model, SamSegmenter)
    return model


@pytest.fixture(params=HEADS)
def head(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def picture() -> Any:
    return np.random.default_rng(0).uniform(0, 255, (20, 30, 3)).astype(np.float32)


def ask(segmenter: SamSegmenter, *prompts: PromptSet, multimask: bool = False) -> list[Any]:
    found = segmenter.decode(segmenter.encode(picture()), prompts, multimask=multimask)
    return [(p.logits, p.quality) for p in found]


def by_name(segmenter: SamSegmenter) -> Any:
    """(class, ...) logits of all classes."""
    return np.stack([logits for logits, _ in ask(segmenter, *(PromptSet(text=text) for text in LABELS))])


def disturb(adapted: Adaptation) -> None:
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in adapted.named_trainable().values():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    adapted.train(False)


def test_tokens_start_from_the_base_without_a_prompt(segmenter: SamSegmenter) -> None:
    for multimask in (False, True):
        ((logits, quality),) = ask(segmenter, PromptSet(), multimask=multimask)
        adapted = attach(segmenter, "prompt-free", labels=LABELS)
        for found in ask(segmenter, *(PromptSet(text=text) for text in LABELS), multimask=multimask):
            np.testing.assert_allclose(found[0], logits, atol=1e-5)
            np.testing.assert_allclose(found[1], quality, atol=1e-5)
        adapted.detach()


def test_prompts_are_ignored_and_the_name_is_not(segmenter: SamSegmenter, head: str) -> None:
    adapted = attach(segmenter, "prompt-free", {"head": head}, labels=LABELS)
    disturb(adapted)
    prompts = [
        PromptSet(text="spleen"),
        PromptSet(text="spleen", box=Box([3, 4], [15, 20])),
        PromptSet(text="spleen", points=Points([[10, 9]], [1])),
        PromptSet(text="spleen", mask=MaskHint.from_mask(np.eye(20, 30) > 0)),
        PromptSet(text="liver"),
    ]
    alone, *others, liver = (logits for logits, _ in ask(segmenter, *prompts))
    for other in others:
        np.testing.assert_allclose(other, alone, atol=1e-5)
    assert np.abs(liver - alone).max() > 1e-3


def test_several_candidates_are_given_when_they_are_asked_for(segmenter: SamSegmenter, head: str) -> None:
    attach(segmenter, "prompt-free", {"head": head}, labels=LABELS)
    ((logits, quality),) = ask(segmenter, PromptSet(text="liver"), multimask=True)
    assert logits.shape == (3, 20, 30)
    assert quality.shape == (3,)


def test_the_embedding_does_not_change_and_the_encoder_does_not_train(segmenter: SamSegmenter, head: str) -> None:
    pixels = segmenter.frame.pixels(picture())
    with torch.no_grad():
        before = segmenter.network.encode(pixels)
        adapted = attach(segmenter, "prompt-free", {"head": head}, labels=LABELS)
        disturb(adapted)
        assert torch.equal(segmenter.network.encode(pixels), before)
    assert not any("image_encoder" in name for name in adapted.named_trainable())


def test_classes_in_another_order_are_the_same_classes(segmenter: SamSegmenter, head: str) -> None:
    first = attach(segmenter, "prompt-free", {"head": head}, labels=LABELS)
    disturb(first)
    state, expected = first.state(), by_name(segmenter)
    first.detach()
    order = [2, 0, 1]
    second = attach(segmenter, "prompt-free", {"head": head}, labels=[LABELS[n] for n in order])
    moved = {
        name: tensor[order] if name.startswith("own.") and tensor.shape[0] == len(LABELS) else tensor
        for name, tensor in state.items()
    }
    second.load_state(moved)
    second.train(False)
    np.testing.assert_allclose(by_name(segmenter), expected, atol=1e-5)


def test_what_trains(tiny_sam: SamSegmenter) -> None:
    decoder = sum(p.numel() for p in tiny_sam.network.mask_decoder.parameters())
    trained = {}
    for head in HEADS:
        adapted = attach(tiny_sam, "prompt-free", {"head": head}, labels=LABELS)
        trained[head] = adapted.counts()
        adapted.detach()
    assert trained["tokens"].own == 3 * 5 * 32
    assert trained["tokens"].trained == 3 * 5 * 32 + decoder
    assert trained["linear"].trained == trained["linear"].own == 2 * (32 * 3 + 3)
    assert trained["conv"].trained == 33 * 3 + (32 * 9 + 3) * 8 + (8 * 9 + 3) * 4 + 5 * 3
    adapted = attach(tiny_sam, "prompt-free", {"train": ()}, labels=LABELS)
    assert adapted.counts().trained == 3 * 5 * 32


def test_everything_that_trains_gets_a_gradient(segmenter: SamSegmenter, head: str) -> None:
    adapted = attach(segmenter, "prompt-free", {"head": head}, labels=LABELS)
    adapted.train(True)
    prompts = segmenter.prompt_tensors([PromptSet(text=text) for text in LABELS], (20, 30))
    logits, quality = segmenter.network(segmenter.frame.pixels(picture()), prompts)
    (logits.square().mean() + quality.square().mean()).backward()
    for name, parameter in adapted.named_trainable().items():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_a_class_learns_from_its_own_questions_alone(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "prompt-free", {"train": ()}, labels=LABELS)
    prompts = tiny_sam.prompt_tensors([PromptSet(text="spleen")], (20, 30))
    logits, _ = tiny_sam.network(tiny_sam.frame.pixels(picture()), prompts)
    logits.square().mean().backward()
    gradient = adapted.named_trainable()["own.mask_decoder.offsets"].grad
    assert gradient is not None
    assert gradient[1].abs().sum() > 0
    assert gradient[[0, 2]].abs().sum() == 0


def test_unknown_and_missing_names(segmenter: SamSegmenter, head: str) -> None:
    with pytest.raises(UsageError, match="prompt-free learns targets by name"):
        attach(segmenter, "prompt-free", {"head": head})
    adapted = attach(segmenter, "prompt-free", {"head": head}, labels=LABELS)
    with pytest.raises(PromptError, match="has not learned 'kidney', only 'liver', 'spleen', 'heart'"):
        ask(segmenter, PromptSet(text="kidney"))
    with pytest.raises(PromptError, match="names none"):
        ask(segmenter, PromptSet())
    adapted.detach()
    attach(segmenter, "prompt-free", {"head": head}, labels=["liver"])
    np.testing.assert_array_equal(ask(segmenter, PromptSet())[0][0], ask(segmenter, PromptSet(text="liver"))[0][0])


def test_a_single_class_needs_nobody_who_knows_the_question(tiny_sam: SamSegmenter) -> None:
    attach(tiny_sam, "prompt-free", labels=["liver"])
    network = tiny_sam.network
    features = torch.randn(2, 32, network.cells, network.cells)
    with torch.no_grad():
        masks, quality = network.mask_decoder(
            image_embeddings=features, image_positional_embeddings=network.position_grid, multimask_output=False
        )
    assert masks.shape == (2, 1, 1, 4 * network.cells, 4 * network.cells)
    assert quality.shape == (2, 1, 1)
