"""MobileSAM's architecture in miniature, random weights: for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import SAM, Recipe

if TYPE_CHECKING:
    from torch import nn

CARD = WeightCard(
    name="tiny-mobilesam",
    title="Miniature of MobileSAM with random weights, for tests",
    url="",
    sha256=None,
    size=None,
    licence="Apache-2.0",
    training_data=(),
    input_size=128,
    normalisation=SAM.words(128),
    prompts=("box", "points", "mask"),
    paper="arXiv 2306.14289",
    parameters=58_771,
)


def encoder(_side: int) -> nn.Module:
    """TinyViT with MobileSAM's stem; any side will do."""
    from samaritan.models._tinyvit import TinyViT, TinyViTConfig  # noqa: PLC0415  listing models must not import torch

    return TinyViT(
        TinyViTConfig(
            widths=(8, 8, 16, 16), depths=(1, 1, 1, 1), heads=(1, 1, 2, 2), windows=(7, 7, 14, 7), stem_kernel=3,
            stem_stride=2, neck=32,
        )
    )  # fmt: skip


RECIPE = Recipe(CARD, encoder, decoder=(32, 2, 32), tags=("tiny",))

MODELS.add(CARD.name, RECIPE.entry())
