"""S-SAM on SAM's ViT and on TinyViT."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from samaritan.adapt import Adaptation, AdapterHeader, attach, base_sha256, load_adapter, save_adapter
from samaritan.adapt import _tokens as tokens_module
from samaritan.adapt._singular import Singular
from samaritan.adapt._surgery import Surgery
from samaritan.core import Box, PromptError, PromptSet, UsageError
from samaritan.models import load_model, sam_vit_b
from samaritan.models._sam import SamSegmenter

LABELS = ("liver", "spleen")
#: Nothing but singular values.
ALONE = {"text": "none", "norms": False, "train": ()}


@pytest.fixture(params=["tiny-sam", "tiny-litemedsam"])
def segmenter(request: pytest.FixtureRequest) -> SamSegmenter:
    model = load_model(request.param)
    assert isinstance(model, SamSegmenter)
    return model


def answers(segmenter: SamSegmenter, *texts: str | None) -> list[Any]:
    picture = np.random.default_rng(0).uniform(0, 255, (20, 30, 3)).astype(np.float32)
    embedding = segmenter.encode(picture)
    prompts = [PromptSet(box=Box([3, 4], [15, 20]), text=text) for text in texts or ("liver",)]
    return [p.logits for p in segmenter.decode(embedding, prompts)]


def disturb(adapted: Adaptation, seed: int = 0) -> None:
    """Other values in everything that trains."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in adapted.named_trainable().values():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))


def trained(segmenter: SamSegmenter, settings: dict[str, Any]) -> int:
    return attach(segmenter, "s-sam", settings).counts().trained


def test_counts_of_the_paper_on_vit_b(vit_network: Callable[[str], SamSegmenter]) -> None:
    alone = attach(vit_network("b"), "s-sam", ALONE).counts()
    assert alone.trained == alone.own == 12 * 4 * 768 * 2 + 2 * 256 * 2 == 74_752
    assert trained(vit_network("b"), {**ALONE, "neck": False}) == 12 * 4 * 768 * 2
    assert trained(vit_network("b"), {**ALONE, "what": "scale"}) == 74_752 // 2
    assert trained(vit_network("b"), {**ALONE, "norms": True}) == 74_752 + 36_864
    assert trained(vit_network("b"), {**ALONE, "train": ("norms",)}) == 74_752 + 36_864
    assert trained(vit_network("b"), {**ALONE, "train": ("decoder-norms",)}) == 74_752 + 4_608
    assert trained(vit_network("b"), {**ALONE, "train": ("position",)}) == 74_752 + 64 * 64 * 768
    # one text affine layer on embeddings of 384 numbers in place of 512
    assert trained(vit_network("b"), {"norms": False, "train": ()}) == 74_752 + 131_840 - 128 * 256


def test_positions_at_256_pixels_are_196608() -> None:
    surgery = Surgery(sam_vit_b.RECIPE.outline(256))
    surgery.train(["position"])
    assert sum(p.numel() for p in surgery.tuned.values()) == 196_608
    surgery.train(["norms", "decoder-norms"])
    assert 74_752 + 131_840 + sum(p.numel() for p in surgery.tuned.values()) == 444_672


def test_without_a_text_nothing_changes_at_attach(segmenter: SamSegmenter) -> None:
    before = answers(segmenter)
    attach(segmenter, "s-sam", {"text": "none"}).train(False)
    np.testing.assert_array_equal(answers(segmenter), before)


def test_the_embedding_of_an_image_is_unchanged_at_attach_and_the_answer_is_not(segmenter: SamSegmenter) -> None:
    pixels = segmenter.frame.pixels(np.full((20, 30, 3), 90, np.float32))
    with torch.no_grad():
        before, answer = segmenter.network.encode(pixels), answers(segmenter)
        attach(segmenter, "s-sam", labels=LABELS).train(False)
        assert torch.equal(segmenter.network.encode(pixels), before)
    assert not np.array_equal(answers(segmenter), answer)


def test_all_weights_of_the_blocks_and_the_neck_are_adapted(segmenter: SamSegmenter) -> None:
    adapted = attach(segmenter, "s-sam", ALONE)
    blocks = len(adapted.surgery.blocks("all"))
    assert len(adapted.surgery.wrappers) == 4 * blocks + 2
    assert all(isinstance(wrapper, Singular) for wrapper in adapted.surgery.wrappers.values())
    assert {name.rpartition(".")[2] for name in adapted.state()} == {"scale", "shift"}
    adapted.detach()
    some = attach(segmenter, "s-sam", {**ALONE, "blocks": "-1", "neck": False})
    assert len(some.surgery.wrappers) == 4


def test_positions_train_where_the_backbone_has_them(tiny_sam: SamSegmenter, tiny_litemedsam: SamSegmenter) -> None:
    tuned = attach(tiny_sam, "s-sam", labels=LABELS).surgery.tuned
    assert "image_encoder.pos_embed" in tuned
    tuned = attach(tiny_litemedsam, "s-sam", labels=LABELS).surgery.tuned
    assert not any("pos" in name for name in tuned)
    encoder = {name.removeprefix("image_encoder.layers.") for name in tuned if name.startswith("image_encoder")}
    norms = {f"{stage}.blocks.0.{part}.norm" for stage in (1, 2, 3) for part in ("attn", "mlp")}
    assert encoder == {f"{norm}.{name}" for norm in norms for name in ("weight", "bias")}


def test_blocks_that_are_not_chosen_stay_as_they_are(segmenter: SamSegmenter) -> None:
    adapted = attach(segmenter, "s-sam", {"blocks": "-1", "train": ("decoder-norms",)}, labels=LABELS)
    last = adapted.surgery.blocks("-1")[0].path
    changed = [
        name for name in (*adapted.surgery.wrappers, *adapted.surgery.tuned) if name.startswith("image_encoder.l")
    ]
    assert len(changed) == 4 + 4
    assert all(name.startswith(last) for name in changed)


def test_folding_leaves_the_network_s_layers_plain_and_the_token_in_place(segmenter: SamSegmenter) -> None:
    adapted = attach(segmenter, "s-sam", labels=LABELS)
    disturb(adapted)
    adapted.train(False)
    expected = answers(segmenter, *LABELS)
    adapted.merge()
    assert not any(isinstance(module, Singular) for module in segmenter.network.modules())
    np.testing.assert_allclose(answers(segmenter, *LABELS), expected, atol=1e-5)
    adapted.unmerge()
    np.testing.assert_array_equal(answers(segmenter, *LABELS), expected)


def test_a_stored_adapter_knows_its_names_without_a_text_encoder(
    segmenter: SamSegmenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = base_sha256(segmenter)
    adapted = attach(segmenter, "s-sam", labels=LABELS)
    disturb(adapted)
    header = AdapterHeader(
        method="s-sam", settings=adapted.config.model_dump(mode="json"), base=segmenter.name, base_sha256=digest,
        labels=LABELS,
    )  # fmt: skip
    save_adapter(tmp_path / "a.safetensors", header, adapted.state())
    expected = answers(segmenter, *LABELS)
    adapted.detach()

    def refuse(*_: str) -> None:
        raise AssertionError("a text encoder was asked for")

    monkeypatch.setattr(tokens_module, "encode_text", refuse)
    load_adapter(tmp_path / "a.safetensors", segmenter)
    np.testing.assert_array_equal(answers(segmenter, *LABELS), expected)


def test_names_decide_the_answer_and_their_order_does_not(segmenter: SamSegmenter) -> None:
    adapted = attach(segmenter, "s-sam", labels=LABELS)
    liver, spleen = answers(segmenter, "liver", "spleen")
    assert not np.allclose(liver, spleen)
    adapted.detach()
    attach(segmenter, "s-sam", labels=LABELS[::-1])
    np.testing.assert_allclose(answers(segmenter, "liver", "spleen"), [liver, spleen], atol=1e-5)


def test_a_table_knows_its_names_alone(segmenter: SamSegmenter) -> None:
    with pytest.raises(UsageError, match="s-sam learns targets by name"):
        attach(segmenter, "s-sam", {"text": "table"})
    assert segmenter.network.adaptation is None
    attach(segmenter, "s-sam", {"text": "table"}, labels=LABELS)
    with pytest.raises(PromptError, match="has not learned 'heart', only 'liver', 'spleen'"):
        answers(segmenter, "heart")


def test_the_regulariser_pulls_back_to_the_base(segmenter: SamSegmenter) -> None:
    adapted = attach(segmenter, "s-sam", ALONE)
    assert adapted.behaviour.penalty() is None
    adapted.detach()
    adapted = attach(segmenter, "s-sam", {**ALONE, "regulariser": 0.5, "what": "shift", "blocks": "0", "neck": False})
    start = adapted.behaviour.penalty()
    assert start is not None
    assert start.item() == 0
    for wrapper in adapted.surgery.wrappers.values():
        assert isinstance(wrapper, Singular)
        torch.nn.init.constant_(wrapper.shift, 2.0 / len(wrapper.shift) ** 0.5)
    pulled = adapted.behaviour.penalty()
    assert pulled is not None
    assert pulled.item() == pytest.approx(0.5 * 4 * 2.0)


@pytest.mark.parametrize("settings", [{}, {"norm": "batch"}, {"text": "table"}, {"fraction": 0.25}])
def test_everything_that_trains_gets_a_finite_gradient(segmenter: SamSegmenter, settings: dict[str, Any]) -> None:
    adapted = attach(segmenter, "s-sam", settings, labels=LABELS)
    adapted.train(True)
    pixels = segmenter.frame.pixels(np.random.default_rng(0).uniform(0, 255, (20, 30, 3)).astype(np.float32))
    prompts = segmenter.prompt_tensors([PromptSet(text="liver"), PromptSet(text="spleen")], (20, 30))
    logits, quality = segmenter.network(pixels, prompts)
    (logits.square().mean() + quality.square().mean()).backward()
    for name, parameter in adapted.named_trainable().items():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    assert any(
        p.grad is not None and p.grad.abs().sum() > 0 for n, p in adapted.named_trainable().items() if "scale" in n
    )
