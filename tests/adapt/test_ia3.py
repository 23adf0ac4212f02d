"""(IA)3: which channels are scaled."""

from __future__ import annotations

from typing import Any

import torch

from samaritan.adapt import attach
from samaritan.models._sam import SamSegmenter


@torch.no_grad()
def test_outputs_of_the_attention_and_inputs_of_the_second_layer(tiny_litemedsam: SamSegmenter) -> None:
    adapted = attach(tiny_litemedsam, "ia3", {"train": ()})
    assert {path.rpartition(".")[2] for path in adapted.surgery.wrappers} == {"qkv", "fc2"}
    for path, wrapper in adapted.surgery.wrappers.items():
        layer: Any = wrapper.layer
        base: Any = wrapper.base
        scale = layer.ia3_l["default"]
        assert torch.equal(scale, torch.ones_like(scale))
        scale.copy_(torch.linspace(0.5, 2, scale.numel()).view(scale.shape))
        tokens = torch.rand(3, base.in_features)
        expected = base(tokens * scale) if path.endswith("fc2") else base(tokens) * scale.T
        torch.testing.assert_close(wrapper(tokens), expected)
