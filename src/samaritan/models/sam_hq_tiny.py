"""Light SAM-HQ: Ke et al., "Segment Anything in High Quality", arXiv 2306.01567, on the image encoder of MobileSAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import SAM, Recipe
from samaritan.models._source import HubFile, WeightSource
from samaritan.models.mobilesam import CLASSIFIER

if TYPE_CHECKING:
    from torch import nn

SOURCE = WeightSource(
    name="sam-hq-tiny",
    file="sam_hq_vit_tiny.pth",
    url="https://github.com/SysCV/sam-hq#model-checkpoints",
    sha256="0f32c075ccdd870ae54db2f7630e7a0878ede5a2b06d05d6fe02c65a82fb7196",
    size=None,
    hub=HubFile("lkeab/hq-sam", "sam_hq_vit_tiny.pth"),
)

CARD = WeightCard(
    name=SOURCE.name,
    title="Light SAM-HQ: MobileSAM with finer masks, photographs, points, boxes and masks",
    url=SOURCE.url,
    sha256=SOURCE.sha256,
    size=SOURCE.size,
    licence="Apache-2.0",
    training_data=("hqseg-44k",),
    inherited_data=("sa-1b",),
    input_size=1024,
    normalisation=SAM.words(1024),
    prompts=("box", "points", "mask"),
    paper="arXiv 2306.01567",
    parameters=10_256_964,
)

#: Channels of the early features: what the second stage gives.
EARLY = 160


def encoder(_side: int) -> nn.Module:
    """MobileSAM's TinyViT; any side will do."""
    from samaritan.models._tinyvit import TinyViT, TinyViTConfig  # noqa: PLC0415  listing models must not import torch

    return TinyViT(TinyViTConfig(stem_kernel=3, stem_stride=2, early=True))


RECIPE = Recipe(CARD, encoder, source=SOURCE, early=EARLY, spare=CLASSIFIER)

MODELS.add(CARD.name, RECIPE.entry())
