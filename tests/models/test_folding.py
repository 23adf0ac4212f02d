"""Convolutions with their batch normalisation computed into them, and the encoder that runs on them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from samaritan.models._folding import convolve, fold, infers
from samaritan.models._tinyvit import AttentionBlock, Bottleneck, ConvNorm, TinyViT, TinyViTConfig

SMALL = TinyViTConfig(widths=(8, 8, 16, 16), depths=(1, 1, 1, 1), heads=(1, 1, 2, 2), windows=(7, 7, 14, 7), neck=12)


def _random(module: nn.Module) -> nn.Module:
    """Statistics and biases that are not those of a new layer."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
            if tensor.is_floating_point() and tensor.ndim <= 2:
                noise = torch.randn(tensor.shape, generator=generator) * 0.3
                tensor.copy_(
                    noise.abs() + 0.5 if name.endswith(("running_var", "weight")) and tensor.ndim == 1 else noise
                )
    return module.eval()


def _published(module: nn.Module, features: Tensor) -> Tensor:
    """With gradients nothing is folded."""
    found: Tensor = module(features)
    assert found.requires_grad
    return found.detach()


@pytest.mark.parametrize(("kernel", "stride", "groups"), [(1, 1, 1), (1, 2, 1), (3, 1, 6), (3, 2, 1)])
def test_one_convolution_does_what_both_did(kernel: int, stride: int, groups: int) -> None:
    layer = _random(ConvNorm(6, 12, kernel, stride, groups))
    assert isinstance(layer, ConvNorm)
    features = torch.randn(2, 6, 7, 5)
    expected = _published(layer, features)
    with torch.no_grad():
        weight, bias = fold(layer.c, layer.bn)
        assert torch.allclose(convolve(features, layer.c, layer.bn), expected, atol=1e-5)
        assert torch.equal(layer(features), convolve(features, layer.c, layer.bn))
    assert weight.shape == layer.c.weight.shape
    assert bias.shape == (12,)


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 17])
def test_a_bottleneck_in_strips(rows: int) -> None:
    block = _random(Bottleneck(4))
    features = torch.randn(2, 4, rows, 6)
    expected = _published(block, features)
    with torch.no_grad():
        assert torch.allclose(block(features), expected, atol=1e-5)


@pytest.mark.parametrize("size", [(8, 8), (9, 11), (3, 2), (4, 13)])
def test_an_attention_block_on_maps_that_do_not_fill_their_windows(size: tuple[int, int]) -> None:
    block = _random(AttentionBlock(8, 2, window=4))
    features = torch.randn(2, 8, *size)
    expected = _published(block, features)
    with torch.no_grad():
        assert torch.allclose(block(features), expected, atol=1e-5)


def test_the_whole_encoder() -> None:
    encoder = _random(TinyViT(SMALL))
    pixels = torch.rand(2, 3, 64, 64)
    expected = _published(encoder, pixels)
    with torch.no_grad():
        assert torch.allclose(encoder(pixels), expected, atol=1e-4 * float(expected.abs().max()))


def test_new_weights_and_statistics_are_seen() -> None:
    encoder, pixels = _random(TinyViT(SMALL)), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        before = encoder(pixels)
        for name, tensor in [*encoder.named_parameters(), *encoder.named_buffers()]:
            if name.endswith(("bn.running_mean", "attention_biases", "norm.bias")):
                tensor.data.add_(0.2)
        after = encoder(pixels)
    assert (after - before).abs().max() > 1e-3
    assert torch.allclose(after, _published(encoder, pixels), atol=1e-4 * float(after.abs().max()))


def test_a_batch_normalisation_that_is_trained_is_not_folded() -> None:
    layer = ConvNorm(3, 4)
    features = torch.randn(2, 3, 5, 5) + 2
    with torch.no_grad():
        found = layer.train()(features)
    assert layer.bn.running_mean is not None
    assert layer.bn.running_mean.abs().max() > 0.01
    assert torch.allclose(found.mean((0, 2, 3)), torch.zeros(4), atol=1e-5)


class _Doubled(nn.Module):
    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base
        self.calls = 0

    def forward(self, values: Tensor) -> Tensor:
        self.calls += 1
        return 2 * self.base(values)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "path", ["layers.0.blocks.0.conv2.c", "layers.0.blocks.0.conv3.bn", "layers.0.blocks.0.conv1", "layers.1.blocks.0.attn.qkv",
             "layers.1.blocks.0.attn", "layers.2.blocks.0.local_conv.c", "patch_embed.seq.0.c", "layers.0.downsample.conv1.bn"],
)  # fmt: skip
def test_a_wrapper_is_run(path: str) -> None:
    encoder, pixels = _random(TinyViT(SMALL)), torch.rand(1, 3, 64, 64)
    holder, _, name = path.rpartition(".")
    wrapper = _Doubled(encoder.get_submodule(path))
    setattr(encoder.get_submodule(holder), name, wrapper)
    expected = _published(encoder, pixels)
    with torch.no_grad():
        found = encoder(pixels)
    assert wrapper.calls == 2
    assert torch.allclose(found, expected, atol=1e-4 * float(expected.abs().max()))


@pytest.mark.parametrize("hang", [nn.Module.register_forward_hook, nn.Module.register_forward_pre_hook])
def test_hooks_are_called(hang: Callable[[nn.Module, Callable[..., None]], object]) -> None:
    encoder = _random(TinyViT(SMALL))
    called: list[str] = []
    for name in (
        "layers.0.blocks.0.conv1.c",
        "layers.0.blocks.0.conv2",
        "layers.1.blocks.0.attn",
        "layers.2.blocks.0.attn.proj",
    ):
        hang(encoder.get_submodule(name), lambda *_, name=name: called.append(name))
    with torch.no_grad():
        encoder(torch.rand(1, 3, 64, 64))
    assert len(called) == 4


def test_only_plain_parts_in_evaluation_without_gradients() -> None:
    layer = nn.Linear(2, 2).eval()
    assert not infers(layer)
    with torch.no_grad():
        assert infers(layer)
        assert not infers(layer, _Doubled(layer).eval())
        assert not infers(layer.train())
