"""VeRA against its equation, and the random matrices that a key stands for."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from samaritan.adapt import attach
from samaritan.adapt._peft import PeftWrapper
from samaritan.adapt.vera import VeraConfig, projections
from samaritan.models._sam import SamSegmenter


def test_a_key_stands_for_the_same_matrices_for_ever() -> None:
    """Numbers of MT19937, so that an adapter file of today means the same tomorrow."""
    inner, outer = projections(3, 2, VeraConfig(rank=4, key=0))

    assert inner.shape == (4, 2)
    assert outer.shape == (3, 4)
    drawn = [0.5488135, 0.71518937, 0.60276338, 0.54488318, 0.4236548, 0.64589411, 0.43758721, 0.891773]
    expected = torch.tensor(drawn).mul(2).sub(1).mul(math.sqrt(6 / 2)).view(4, 2)
    torch.testing.assert_close(inner, expected)
    assert outer[0, 0].item() == pytest.approx((2 * 0.96366276 - 1) * math.sqrt(6 / 4))
    assert not torch.equal(projections(3, 2, VeraConfig(rank=4, key=1))[0], inner)


@torch.no_grad()
def test_two_vectors_scale_what_all_blocks_share(tiny_litemedsam: SamSegmenter) -> None:
    """h = W x + diag(b) B diag(d) A x, with the rows and columns of A and B that a projection needs."""
    adapted = attach(tiny_litemedsam, "vera", {"rank": 5, "targets": ("qkv", "lin2"), "train": ()})
    inner, outer = projections(3 * 16, 4 * 16, VeraConfig(rank=5))
    generator = torch.Generator().manual_seed(0)
    for path, wrapper in adapted.surgery.wrappers.items():
        assert isinstance(wrapper, PeftWrapper)
        layer: Any = wrapper.layer
        base = wrapper.base
        d, b = layer.vera_lambda_d["default"], layer.vera_lambda_b["default"]
        assert torch.equal(d, torch.full((5,), 0.1))
        assert not b.any()
        b.copy_(torch.randn(b.shape, generator=generator))
        update = torch.diag(b) @ outer[: base.out_features] @ torch.diag(d) @ inner[:, : base.in_features]
        torch.testing.assert_close(wrapper.fold().weight, base.weight + update, msg=path)


def test_the_matrices_are_one_pair_that_is_neither_stored_nor_trained(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "vera", {"rank": 7, "train": ()})
    layers: list[Any] = [wrapper.layer for wrapper in adapted.surgery.wrappers.values()]

    assert len(layers) == 2
    assert layers[0].vera_A is layers[1].vera_A
    assert layers[0].vera_B is layers[1].vera_B
    assert {name.rpartition(".layer.")[2] for name in adapted.state()} == {
        "vera_lambda_b.default",
        "vera_lambda_d.default",
    }
    assert adapted.counts().trained == 2 * (7 + 96)
