"""SAM-HQ with ViT-H: Ke et al., "Segment Anything in High Quality", arXiv 2306.01567."""

from __future__ import annotations

from dataclasses import replace

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import SAM, Recipe, vit
from samaritan.models._source import HubFile, WeightSource
from samaritan.models._vit_config import VIT_H

SOURCE = WeightSource(
    name="sam-hq-vit-h",
    file="sam_hq_vit_h.pth",
    url="https://github.com/SysCV/sam-hq#model-checkpoints",
    sha256="a7ac14a085326d9fa6199c8c698c4f0e7280afdbb974d2c4660ec60877b45e35",
    size=2_570_940_653,
    hub=HubFile("lkeab/hq-sam", "sam_hq_vit_h.pth"),
)

CARD = WeightCard(
    name=SOURCE.name,
    title="SAM-HQ ViT-H, the largest of three: SAM with finer masks, photographs, points, boxes and masks",
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
    parameters=642_686_000,
)

RECIPE = Recipe(CARD, vit(replace(VIT_H, early=True)), source=SOURCE, early=VIT_H.width)

MODELS.add(CARD.name, RECIPE.entry())
