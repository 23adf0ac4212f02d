"""SAM-HQ with ViT-B: Ke et al., "Segment Anything in High Quality", arXiv 2306.01567."""

from __future__ import annotations

from dataclasses import replace

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import SAM, Recipe, vit
from samaritan.models._source import HubFile, WeightSource
from samaritan.models._vit_config import VIT_B

SOURCE = WeightSource(
    name="sam-hq-vit-b",
    file="sam_hq_vit_b.pth",
    url="https://github.com/SysCV/sam-hq#model-checkpoints",
    # no checksum is published, and nobody of us had the file in hands
    sha256=None,
    size=None,
    hub=HubFile("lkeab/hq-sam", "sam_hq_vit_b.pth"),
)

CARD = WeightCard(
    name=SOURCE.name,
    title="SAM-HQ ViT-B, the smallest of three: SAM with finer masks, photographs, points, boxes and masks",
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
    parameters=94_806_576,
)

RECIPE = Recipe(CARD, vit(replace(VIT_B, early=True)), source=SOURCE, early=VIT_B.width)

MODELS.add(CARD.name, RECIPE.entry())
