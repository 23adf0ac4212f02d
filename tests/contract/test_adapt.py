"""What every adaptation method promises, on every architecture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from samaritan.adapt import (
    METHODS,
    Adaptation,
    AdapterHeader,
    MethodConfig,
    attach,
    base_sha256,
    load_adapter,
    save_adapter,
)
from samaritan.core import Box, ModelError, Points, PromptSet, UsageError
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter

MODELS = ["tiny-litemedsam", "tiny-sam"]
LABELS = ("liver", "spleen")
PROMPTS = [
    PromptSet(box=Box([3, 4], [20, 15]), text="liver"),
    PromptSet(points=Points([[10, 9]], [1]), text="spleen"),
    PromptSet(text="spleen"),
]


@pytest.fixture(params=MODELS)
def segmenter(request: pytest.FixtureRequest) -> SamSegmenter:
    model = load_model(request.param)
    assert isinstance(model, SamSegmenter)
    return model


@pytest.fixture(params=METHODS.names())
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def adapted(segmenter: SamSegmenter, method: str) -> Adaptation:
    return attach(segmenter, method, labels=LABELS)


def picture(seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0, 255, (31, 22, 3)).astype(np.float32)


def answers(segmenter: SamSegmenter) -> list[Any]:
    """Logits of every prompt, one decode call."""
    return [p.logits for p in segmenter.decode(segmenter.encode(picture()), PROMPTS)]


def train_a_little(adapted: Adaptation, steps: int = 2, rate: float = 1e-2) -> dict[str, Tensor | None]:
    """A few real steps on random targets; returns the gradients of the last one."""
    adapted.train(True)
    trainable = adapted.named_trainable()
    optimiser = torch.optim.SGD(trainable.values(), lr=rate)
    segmenter, network = adapted.segmenter, adapted.network
    generator = torch.Generator().manual_seed(0)
    for step in range(steps):
        pixels = segmenter.frame.pixels(picture(step))
        grid = segmenter.frame.grid
        wanted = (torch.rand(1, 1, grid, grid, generator=generator) > 0.5).float()
        adapted.behaviour.observe(pixels, wanted)
        loss = torch.zeros(())
        for prompt in PROMPTS:
            logits, quality = network(pixels, segmenter.prompt_tensors([prompt], (31, 22)))
            loss = loss + torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted) + quality.square().mean()
        penalty = adapted.behaviour.penalty()
        loss = loss if penalty is None else loss + penalty
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        adapted.behaviour.finish()
    adapted.train(False)
    return {name: parameter.grad for name, parameter in trainable.items()}


def header(adapted: Adaptation, digest: str) -> AdapterHeader:
    return AdapterHeader(
        method=adapted.method.card.name,
        settings=adapted.config.model_dump(mode="json"),
        base=adapted.segmenter.name,
        base_sha256=digest,
        labels=LABELS,
    )


def test_the_card_is_complete(method: str) -> None:
    card = METHODS.get(method).card
    assert card.name == method
    assert all(text.strip() for text in (card.title, card.paper, card.attaches, card.trains, card.prompts))
    assert card.identity or card.deviations, "a method that changes answers at attach says why"


def test_the_settings_survive_json(method: str) -> None:
    config = METHODS.get(method).config()
    assert isinstance(config, MethodConfig)
    assert type(config).parse(config.model_dump(mode="json"), "the test") == config


def test_attaching_changes_no_answer(segmenter: SamSegmenter, method: str) -> None:
    before = answers(segmenter)
    attach(segmenter, method, labels=LABELS).train(False)
    if METHODS.get(method).card.identity:
        for old, new in zip(before, answers(segmenter), strict=True):
            np.testing.assert_allclose(new, old, atol=1e-5)


def test_only_what_is_declared_trains(adapted: Adaptation) -> None:
    trainable = {id(parameter) for parameter in adapted.named_trainable().values()}
    assert trainable
    assert {id(p) for p in adapted.network.parameters() if p.requires_grad} == trainable
    gradients = train_a_little(adapted)
    assert all(p.grad is None for p in adapted.network.parameters() if id(p) not in trainable)
    for name, gradient in gradients.items():
        assert gradient is None or torch.isfinite(gradient).all(), name
    assert any(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients.values())


def test_training_leaves_the_base_alone_and_detaching_restores_it(segmenter: SamSegmenter, method: str) -> None:
    digest, names = base_sha256(segmenter), list(segmenter.network.state_dict())
    expected = answers(segmenter)
    adapted = attach(segmenter, method, labels=LABELS)
    frozen = {n: p for n, p in segmenter.network.named_parameters() if not p.requires_grad}
    frozen_buffers = {
        n: b.clone() for n, b in segmenter.network.named_buffers() if n.startswith(("image_encoder", "position"))
    }
    before = {n: t.clone() for n, t in frozen.items()}
    train_a_little(adapted)
    assert all(torch.equal(dict(segmenter.network.named_buffers())[n], b) for n, b in frozen_buffers.items())
    for name, tensor in frozen.items():
        assert torch.equal(tensor, before[name]), name
    restored = adapted.detach()
    assert restored is segmenter
    assert list(segmenter.network.state_dict()) == names
    assert base_sha256(segmenter) == digest
    for old, new in zip(expected, answers(segmenter), strict=True):
        np.testing.assert_array_equal(new, old)


def test_a_saved_adapter_gives_the_same_answers_on_a_fresh_base(
    segmenter: SamSegmenter, method: str, tmp_path: Path
) -> None:
    digest = base_sha256(segmenter)
    adapted = attach(segmenter, method, labels=LABELS)
    train_a_little(adapted)
    save_adapter(tmp_path / "a.safetensors", header(adapted, digest), adapted.state())
    expected = answers(segmenter)
    fresh = load_model(segmenter.name)
    assert isinstance(fresh, SamSegmenter)
    loaded = load_adapter(tmp_path / "a.safetensors", fresh)
    assert loaded.config == adapted.config
    for old, new in zip(expected, answers(fresh), strict=True):
        np.testing.assert_array_equal(new, old)


def test_training_changes_answers(adapted: Adaptation) -> None:
    before = answers(adapted.segmenter)
    train_a_little(adapted, steps=3, rate=0.1)
    assert any(not np.array_equal(a, b) for a, b in zip(before, answers(adapted.segmenter), strict=True))


def test_folding_changes_no_answer(adapted: Adaptation) -> None:
    train_a_little(adapted)
    expected = answers(adapted.segmenter)
    if not adapted.method.card.folds:
        with pytest.raises(UsageError, match="cannot be folded"):
            adapted.merge()
        return
    adapted.merge()
    for old, new in zip(expected, answers(adapted.segmenter), strict=True):
        np.testing.assert_allclose(new, old, atol=1e-4)
    adapted.unmerge()
    for old, new in zip(expected, answers(adapted.segmenter), strict=True):
        np.testing.assert_array_equal(new, old)


def test_a_batch_answers_what_its_prompts_answer_alone(adapted: Adaptation) -> None:
    train_a_little(adapted)
    segmenter = adapted.segmenter
    embedding = segmenter.encode(picture())
    together = segmenter.decode(embedding, PROMPTS)
    for prompt, answer in zip(PROMPTS, together, strict=True):
        np.testing.assert_allclose(segmenter.decode(embedding, [prompt])[0].logits, answer.logits, atol=1e-4)


def test_pictures_of_a_batch_do_not_mix(adapted: Adaptation) -> None:
    train_a_little(adapted)
    network, frame = adapted.network, adapted.segmenter.frame
    pixels = torch.cat([frame.pixels(picture(seed)) for seed in range(3)])
    with torch.no_grad():
        together = network.encode(pixels)
        for number in range(3):
            alone = network.encode(pixels[number : number + 1])
            torch.testing.assert_close(together[number : number + 1], alone, atol=1e-4, rtol=1e-4)


def test_the_same_seed_gives_the_same_adapter(segmenter: SamSegmenter, method: str) -> None:
    first = attach(segmenter, method, labels=LABELS, seed=3)
    kept = first.state()
    first.detach()
    second = attach(segmenter, method, labels=LABELS, seed=3)
    assert all(torch.equal(kept[name], tensor) for name, tensor in second.state().items())


def test_a_second_method_is_refused(adapted: Adaptation) -> None:
    with pytest.raises(UsageError, match="adapted already"):
        attach(adapted.segmenter, "decoder")


def test_another_base_is_refused(segmenter: SamSegmenter, method: str, tmp_path: Path) -> None:
    adapted = attach(segmenter, method, labels=LABELS)
    save_adapter(tmp_path / "a.safetensors", header(adapted, "0" * 64), adapted.state())
    adapted.detach()
    with pytest.raises(ModelError, match="other weights"):
        load_adapter(tmp_path / "a.safetensors", segmenter)
    assert segmenter.network.adaptation is None


def test_counts_add_up(adapted: Adaptation) -> None:
    counts = adapted.counts()
    assert counts.trained == sum(p.numel() for p in adapted.network.parameters() if p.requires_grad)
    assert counts.trained > 0
    assert counts.base == adapted.segmenter.card.parameters
    assert counts.share == counts.trained / counts.base
