"""DoRA against its equation."""

from __future__ import annotations

from typing import Any

import torch

from samaritan.adapt import attach
from samaritan.adapt._peft import PeftWrapper
from samaritan.models._sam import SamSegmenter


@torch.no_grad()
def test_magnitude_times_direction(tiny_sam: SamSegmenter) -> None:
    """W' = m (W + s B A) / |W + s B A|, the norm over each row (output channel)."""
    adapted = attach(tiny_sam, "dora", {"rank": 2, "alpha": 6})
    wrapper = adapted.surgery.wrappers["image_encoder.layers.1.attn.qkv"]
    assert isinstance(wrapper, PeftWrapper)
    layer: Any = wrapper.layer
    down, up, magnitude = (
        layer.lora_A["default"].weight,
        layer.lora_B["default"].weight,
        layer.lora_magnitude_vector["default"].weight,
    )
    weight = wrapper.base.weight
    torch.testing.assert_close(magnitude, weight.norm(dim=1))

    up.copy_(torch.randn(96, 2, generator=torch.Generator().manual_seed(0)))
    magnitude.mul_(torch.linspace(0.5, 2, 96))
    moved = weight + 3 * up @ down
    expected = magnitude[:, None] * moved / moved.norm(dim=1, keepdim=True)
    torch.testing.assert_close(wrapper.fold().weight, expected)
    tokens = torch.rand(4, 32)
    torch.testing.assert_close(wrapper(tokens), tokens @ expected.T + wrapper.base.bias)


def test_dropout_in_training_alone(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "dora", {"dropout": 0.5})
    wrapper = adapted.surgery.wrappers["image_encoder.layers.1.attn.qkv"]
    assert isinstance(wrapper, PeftWrapper)
    torch.nn.init.ones_(adapted.named_trainable()["own.image_encoder.layers.1.attn.qkv.layer.lora_B.default.weight"])
    tokens = torch.rand(4, 32)

    adapted.train(False)
    assert torch.equal(wrapper(tokens), wrapper(tokens))
    adapted.train(True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        assert not torch.equal(wrapper(tokens), wrapper(tokens))
    assert not wrapper.base.training
