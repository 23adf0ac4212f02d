"""Models to attach to: SAM at its published sizes without memory, miniatures, and an encoder that the package does not know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from samaritan.models import MODELS, load_model, sam_vit_b, sam_vit_h, sam_vit_l
from samaritan.models._anatomy import EncoderPlan
from samaritan.models._frame import Frame, imagenet
from samaritan.models._sam import SamSegmenter
from samaritan.models._sam_network import DecoderConfig, SamNetwork

SIZES = {"b": sam_vit_b.RECIPE, "l": sam_vit_l.RECIPE, "h": sam_vit_h.RECIPE}


def _vit(size: str) -> SamSegmenter:
    recipe = SIZES[size]
    return SamSegmenter(recipe.card.name, recipe.card, recipe.outline(), recipe.frame(1024))


@pytest.fixture
def vit_network() -> Callable[[str], SamSegmenter]:
    """``vit_network("b" | "l" | "h")``: a segmenter around SAM ViT without values, to attach to and to count."""
    return _vit


@pytest.fixture
def tiny_sam() -> SamSegmenter:
    """SAM's ViT in miniature, fresh for each test."""
    return _fresh("tiny-sam")


@pytest.fixture
def tiny_litemedsam() -> SamSegmenter:
    """LiteMedSAM's TinyViT in miniature, fresh for each test."""
    return _fresh("tiny-litemedsam")


def _fresh(name: str) -> SamSegmenter:
    segmenter = load_model(name)
    assert isinstance(segmenter, SamSegmenter)
    return segmenter


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.count = 2
        self.to_qkv = nn.Linear(8, 24)
        self.out = nn.Linear(8, 8)

    def forward(self, tokens: Tensor) -> Tensor:
        heads = self.to_qkv(tokens).unflatten(-1, (3, self.count, -1)).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(*heads)
        attended: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return attended


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.sa = Attention()
        self.ff = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.sa(self.norm(tokens))
        result: Tensor = tokens + self.ff(tokens)
        return result


class ToyViT(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 8, 8, 8)
        self.where = nn.Parameter(torch.zeros(64, 8))
        self.stack = nn.ModuleList(Layer() for _ in range(3))
        self.head = nn.ModuleDict({"conv": nn.Conv2d(8, 32, 1), "norm": nn.GroupNorm(1, 32)})

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = self.embed(pixels).flatten(2).transpose(1, 2) + self.where
        for layer in self.stack:
            tokens = layer(tokens)
        square = tokens.transpose(1, 2).unflatten(2, (8, 8))
        features: Tensor = self.head["norm"](self.head["conv"](square))
        return features


PLAN = EncoderPlan(
    block=r"stack\.\d+", attention="sa", qkv="sa.to_qkv", proj="sa.out", mlp="ff", lin1="ff.0", lin2="ff.2",
    heads="count", neck=("head.conv",), position="where",
)  # fmt: skip


@pytest.fixture
def toy() -> SamSegmenter:
    """A model whose encoder the package does not know."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = SamNetwork(ToyViT(), side=64, cells=8, config=DecoderConfig(32, 2, 32))
    card = replace(MODELS.get("tiny-sam").card, name="toy")
    return SamSegmenter("toy", card, network, Frame(64, 32, imagenet))


@pytest.fixture
def toy_plan() -> EncoderPlan:
    """The description of its encoder."""
    return PLAN
