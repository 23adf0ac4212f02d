"""MobileSAM: Zhang et al., "Faster Segment Anything: Towards Lightweight SAM for Mobile Applications", arXiv 2306.14289.

SAM with TinyViT as image encoder, distilled from ViT-H; prompts and mask decoder are SAM's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import SAM, Recipe
from samaritan.models._source import WeightSource

if TYPE_CHECKING:
    from torch import nn

SOURCE = WeightSource(
    name="mobilesam",
    file="mobile_sam.pt",
    url="https://github.com/ChaoningZhang/MobileSAM",
    sha256="6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f",
    size=40_728_226,
    download="https://github.com/ChaoningZhang/MobileSAM/raw/f706ad9c4eb7f219c00d9050e46328518ffb65d2/weights/mobile_sam.pt",
)

CARD = WeightCard(
    name=SOURCE.name,
    title="MobileSAM: SAM for laptops and telephones, photographs, points, boxes and masks",
    url=SOURCE.url,
    sha256=SOURCE.sha256,
    size=SOURCE.size,
    licence="Apache-2.0",
    training_data=("sa-1b",),
    input_size=1024,
    normalisation=SAM.words(1024),
    prompts=("box", "points", "mask"),
    paper="arXiv 2306.14289",
    parameters=9_808_452,
)

#: What is left of TinyViT's classifier in the file; nothing looks at it.
CLASSIFIER = {
    "image_encoder.norm_head.weight": (320,),
    "image_encoder.norm_head.bias": (320,),
    "image_encoder.head.weight": (1000, 320),
    "image_encoder.head.bias": (1000,),
}


def encoder(_side: int) -> nn.Module:
    """TinyViT with a stem that takes four pixels to a cell, as published; any side will do."""
    from samaritan.models._tinyvit import TinyViT, TinyViTConfig  # noqa: PLC0415  listing models must not import torch

    return TinyViT(TinyViTConfig(stem_kernel=3, stem_stride=2))


RECIPE = Recipe(CARD, encoder, source=SOURCE, spare=CLASSIFIER)

MODELS.add(CARD.name, RECIPE.entry())
