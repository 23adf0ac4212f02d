"""Low-rank updates: which rows they reach, what folding does, and what trains."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from samaritan.adapt import Adaptation, attach
from samaritan.adapt.lora import LoraConfig, LoraLinear, Target, rows_of
from samaritan.core import InputError, PromptSet
from samaritan.models._sam import SamSegmenter

WIDTH, HEADS = 8, 2


def _wrapper(config: LoraConfig, *, interleaved: bool = False, bias: bool = True) -> LoraLinear:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        base = nn.Linear(WIDTH, 3 * WIDTH, bias=bias)
        rows: dict[str, Tensor] = {t: rows_of(t, WIDTH, HEADS, interleaved=interleaved) for t in config.targets}
        return LoraLinear(base, config, rows).eval()


def _fill(wrapper: LoraLinear) -> None:
    """Values as after training: the outer matrices are no longer zero."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for up in wrapper.up.values():
            up.copy_(torch.randn(up.shape, generator=generator))


def _tokens() -> Tensor:
    return torch.randn(2, 3, 3, WIDTH, generator=torch.Generator().manual_seed(2))


def test_at_the_start_nothing_changes() -> None:
    wrapper = _wrapper(LoraConfig())

    assert torch.equal(wrapper(_tokens()), wrapper.base(_tokens()))


def test_queries_and_values_get_the_update_of_the_paper() -> None:
    wrapper = _wrapper(LoraConfig(rank=2))
    _fill(wrapper)
    tokens = _tokens()

    update = wrapper(tokens) - wrapper.base(tokens)
    for target, rows in {"q": slice(0, WIDTH), "v": slice(2 * WIDTH, None)}.items():
        expected = tokens @ wrapper.down[target].T @ wrapper.up[target].T
        torch.testing.assert_close(update[..., rows], expected)
    assert not update[..., WIDTH : 2 * WIDTH].any()


@pytest.mark.parametrize("targets", [("q", "v"), ("k",), ("v", "q", "k")])
def test_folded_rows_of_a_vit(targets: tuple[Target, ...]) -> None:
    wrapper = _wrapper(LoraConfig(rank=2, targets=targets))
    _fill(wrapper)
    before = wrapper.base.weight.detach().clone()
    folded = wrapper.fold()

    for number, target in enumerate("qkv"):
        rows = slice(number * WIDTH, (number + 1) * WIDTH)
        if target not in targets:
            assert torch.equal(folded.weight[rows], before[rows])
            continue
        update = folded.weight[rows] - before[rows]
        torch.testing.assert_close(update, wrapper.up[target] @ wrapper.down[target])
        assert torch.linalg.matrix_rank(update, rtol=1e-4) == 2
    assert torch.equal(wrapper.base.weight, before)
    assert torch.equal(folded.bias, wrapper.base.bias)
    torch.testing.assert_close(folded(_tokens()), wrapper(_tokens()))


def test_rows_of_a_tiny_vit_are_interleaved_by_head() -> None:
    assert rows_of("q", WIDTH, HEADS, interleaved=True).tolist() == [0, 1, 2, 3, 12, 13, 14, 15]
    assert rows_of("k", WIDTH, HEADS, interleaved=True).tolist() == [4, 5, 6, 7, 16, 17, 18, 19]
    assert rows_of("v", WIDTH, HEADS, interleaved=True).tolist() == [8, 9, 10, 11, 20, 21, 22, 23]
    assert rows_of("v", WIDTH, HEADS, interleaved=False).tolist() == list(range(16, 24))

    wrapper = _wrapper(LoraConfig(targets=("q", "v")), interleaved=True)
    _fill(wrapper)
    changed = (wrapper.fold().weight != wrapper.base.weight).any(dim=1)
    assert changed.nonzero().flatten().tolist() == [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23]


@pytest.mark.parametrize(("model", "number"), [("tiny_sam", 0), ("tiny_litemedsam", 2)])
def test_queries_of_the_model_itself_change_and_keys_do_not(
    model: str, number: int, request: pytest.FixtureRequest
) -> None:
    """The rows are those that the attention really takes for queries: shown with its own splitting of the projection."""
    segmenter: SamSegmenter = request.getfixturevalue(model)
    adapted = attach(segmenter, "lora", {"targets": ("q",)})
    path, wrapper = list(adapted.surgery.wrappers.items())[number]  # a block of several heads
    assert isinstance(wrapper, LoraLinear)
    _fill(wrapper)
    attention = segmenter.network.get_submodule(path.rpartition(".")[0])
    seen: list[tuple[Tensor, ...]] = []

    def attend(query: Tensor, key: Tensor, value: Tensor, **_: object) -> Tensor:
        seen.append((query, key, value))
        return value

    tokens = torch.randn(1, 9, wrapper.base.in_features, generator=torch.Generator().manual_seed(3))
    tokens = tokens.reshape(1, 3, 3, -1) if model == "tiny_sam" else tokens.repeat(1, 6, 1)[:, :49]
    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(nn.functional, "scaled_dot_product_attention", attend)
        attention(tokens)
        _fill_zero(wrapper)
        attention(tokens)
    (query, key, value), (plain_query, plain_key, plain_value) = seen
    assert not torch.allclose(query, plain_query)
    assert torch.equal(key, plain_key)
    assert torch.equal(value, plain_value)


@torch.no_grad()
def _fill_zero(wrapper: LoraLinear) -> None:
    for up in wrapper.up.values():
        up.zero_()


def test_a_projection_without_bias() -> None:
    wrapper = _wrapper(LoraConfig(), bias=False)
    _fill(wrapper)

    assert wrapper.fold().bias is None
    torch.testing.assert_close(wrapper.fold()(_tokens()), wrapper(_tokens()))


def test_alpha_scales_the_update_by_alpha_over_rank() -> None:
    plain, scaled = _wrapper(LoraConfig(rank=2)), _wrapper(LoraConfig(rank=2, alpha=6))
    _fill(plain)
    _fill(scaled)
    tokens = _tokens()

    once, thrice = (w(tokens) - w.base(tokens) for w in (plain, scaled))
    torch.testing.assert_close(thrice, 3 * once)
    torch.testing.assert_close(scaled.fold()(tokens), scaled(tokens))


def test_dropout_in_training_alone(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "lora", {"dropout": 0.5})
    wrapper = next(iter(adapted.surgery.wrappers.values()))
    assert isinstance(wrapper, LoraLinear)
    _fill(wrapper)
    tokens = torch.randn(4, wrapper.base.in_features, generator=torch.Generator().manual_seed(2))

    adapted.train(False)
    assert torch.equal(wrapper(tokens), wrapper(tokens))
    torch.testing.assert_close(wrapper.fold()(tokens), wrapper(tokens))
    adapted.train(True)
    assert wrapper.dropout.training
    assert not wrapper.base.training
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert not torch.equal(wrapper(tokens), wrapper(tokens))


def test_in_the_decoder_alone(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "lora", {"blocks": "none", "decoder_targets": ("q", "v"), "train": ()})

    assert (
        len(adapted.surgery.wrappers) == 2 * 7
    )  # two projections; three attentions in each of two blocks, and a last one
    assert all(path.startswith("mask_decoder.transformer.") for path in adapted.surgery.wrappers)
    assert {path.rpartition(".")[2] for path in adapted.surgery.wrappers} == {"q_proj", "v_proj"}
    assert not adapted.surgery.tuned
    _fill_all(adapted)
    prompt = [PromptSet()]
    picture = torch.rand(20, 30, 3, generator=torch.Generator().manual_seed(0)).mul(255).numpy()
    embedding = tiny_sam.encode(picture)
    (expected,) = tiny_sam.decode(embedding, prompt)
    adapted.merge()
    (merged,) = tiny_sam.decode(embedding, prompt)
    assert abs(merged.logits - expected.logits).max() < 1e-4
    adapted.detach()
    (plain,) = tiny_sam.decode(embedding, prompt)
    assert abs(plain.logits - expected.logits).max() > 1e-2


def _fill_all(adapted: Adaptation) -> None:
    for wrapper in adapted.surgery.wrappers.values():
        assert isinstance(wrapper, LoraLinear)
        _fill(wrapper)


def test_in_the_decoder_of_a_published_size(vit_network: Callable[[str], SamSegmenter]) -> None:
    adapted = attach(vit_network("b"), "lora", {"decoder_targets": ("q", "v"), "train": ()})
    self_attention, cross = 2 * (256 + 256) * 4, 2 * (256 + 128) * 4  # the cross-attentions work in half the width

    assert adapted.counts().trained == 147_456 + 2 * self_attention + 5 * cross


@pytest.mark.parametrize("wrong", [{"rank": 0}, {"alpha": 0}, {"dropout": 1.0}, {"targets": ()}, {"targets": ("w",)}])
def test_settings_that_make_no_sense(wrong: dict[str, object], tiny_sam: SamSegmenter) -> None:
    with pytest.raises(InputError, match="Method lora"):
        attach(tiny_sam, "lora", wrong)
