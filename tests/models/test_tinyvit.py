"""The TinyViT encoder: shapes, windows, biases; its numbers are checked in test_litemedsam.py."""

from __future__ import annotations

import itertools

import torch

from samaritan.models._tinyvit import AttentionBlock, TinyViT, TinyViTConfig, WindowAttention

SMALL = TinyViTConfig(widths=(8, 8, 16, 16), depths=(1, 1, 1, 1), heads=(1, 1, 2, 2), windows=(7, 7, 14, 7), neck=12)


def test_the_stride_is_what_comes_out() -> None:
    mobile = TinyViTConfig(widths=(8, 8, 16, 16), depths=(1, 1, 1, 1), heads=(1, 1, 2, 2), stem_kernel=3, stem_stride=2)
    for config, side, cells in ((SMALL, 64, 16), (mobile, 64, 4)):
        encoder = TinyViT(config).eval()
        assert config.stride == side // cells
        assert encoder(torch.zeros(2, 3, side, side)).shape == (2, config.neck, cells, cells)


def test_the_defaults_are_litemedsam() -> None:
    encoder = TinyViT(TinyViTConfig())

    assert encoder.config.stride == 4
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 5_726_740


def test_biases_are_numbered_as_in_checkpoints() -> None:
    """In the order in which distances first appear when all pairs of tokens are visited (TinyViT's published code)."""
    window = 4
    attention = WindowAttention(8, 2, window)
    tokens = list(itertools.product(range(window), range(window)))
    numbers: dict[tuple[int, int], int] = {}
    for first, second in itertools.product(tokens, tokens):
        distance = (abs(first[0] - second[0]), abs(first[1] - second[1]))
        number = numbers.setdefault(distance, len(numbers))
        assert attention.pairs[tokens.index(first), tokens.index(second)] == number


def test_attention_is_the_textbooks() -> None:
    torch.manual_seed(0)
    attention = WindowAttention(8, 2, 3).eval()
    torch.nn.init.normal_(attention.attention_biases)
    tokens = torch.randn(5, 9, 8)

    fused = attention.qkv(attention.norm(tokens)).view(5, 9, 2, 12)
    query, key, value = fused.permute(0, 2, 1, 3).split(4, dim=3)
    weights = (query @ key.transpose(2, 3) / 4**0.5 + attention.attention_biases[:, attention.pairs]).softmax(dim=-1)
    expected = attention.proj((weights @ value).transpose(1, 2).reshape(5, 9, 8))

    assert torch.allclose(attention(tokens), expected, atol=1e-6)


def test_windows_do_not_see_each_other_except_through_the_convolution() -> None:
    torch.manual_seed(0)
    block = AttentionBlock(8, 2, window=4).eval()
    features = torch.randn(1, 8, 8, 8)
    changed = features.clone()
    changed[0, :, 0, 0] = torch.randn(8)

    difference = (block(features) - block(changed)).abs().amax(dim=(0, 1))

    assert (difference[:4, :4] > 0).all()  # its own window
    assert (difference[5:, :] == 0).all()  # one row beyond the window belongs to the 3 x 3 convolution
    assert (difference[:, 5:] == 0).all()


def test_a_map_that_does_not_fill_its_windows_is_padded() -> None:
    torch.manual_seed(0)
    block = AttentionBlock(8, 2, window=4).eval()

    assert block(torch.randn(2, 8, 6, 5)).shape == (2, 8, 6, 5)


def test_every_parameter_receives_a_gradient() -> None:
    torch.manual_seed(0)
    encoder = TinyViT(SMALL).train()
    encoder(torch.rand(1, 3, 64, 64)).square().mean().backward()

    assert [name for name, parameter in encoder.named_parameters() if parameter.grad is None] == []
