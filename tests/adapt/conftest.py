"""SAM at its published sizes without memory: tensors on the meta device, to count what a method trains."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from transformers.models.sam.configuration_sam import SamVisionConfig
from transformers.models.sam.modeling_sam import SamVisionEncoder

from samaritan.models import WeightCard, load_model
from samaritan.models._frame import Frame, imagenet
from samaritan.models._sam import SamNetwork, SamSegmenter

#: Size -> width, depth, heads, numbers of the blocks without windows, parameters of the whole (arXiv 2304.02643, appendix A).
SIZES = {
    "b": (768, 12, 12, [2, 5, 8, 11], 93_735_472),
    "l": (1024, 24, 16, [5, 11, 17, 23], 312_342_832),
    "h": (1280, 32, 16, [7, 15, 23, 31], 641_090_608),
}


def _vit(size: str) -> SamSegmenter:
    width, depth, heads, unwindowed, parameters = SIZES[size]
    vision = SamVisionConfig(
        hidden_size=width, num_hidden_layers=depth, num_attention_heads=heads, mlp_dim=4 * width,
        global_attn_indexes=unwindowed,
    )  # fmt: skip
    vision._attn_implementation = "sdpa"
    with torch.device("meta"):
        network = SamNetwork(SamVisionEncoder(vision), side=1024, cells=64)
    card = WeightCard(
        name=f"vit-{size}", title="SAM ViT without values", url="", sha256=None, size=None, licence="", training_data=(),
        input_size=1024, normalisation="", prompts=("box", "points", "mask"), paper="arXiv 2304.02643",
        parameters=parameters,
    )  # fmt: skip
    return SamSegmenter(card.name, card, network, Frame(1024, 256, imagenet))


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
