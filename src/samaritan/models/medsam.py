"""MedSAM: Ma et al., "Segment Anything in Medical Images", arXiv 2304.12306. The network is SAM's with ViT-B."""

from __future__ import annotations

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import Preparation, Recipe, vit
from samaritan.models._source import WeightSource
from samaritan.models._vit_config import VIT_B

#: The authors resize with order 3, min-max to 0..1, and pad nothing (MedSAM_Inference.py).
PREPARATION = Preparation("min_max", keep_aspect=False, interpolation="cubic")

SOURCE = WeightSource(
    name="medsam",
    file="medsam_vit_b.pth",
    url="https://github.com/bowang-lab/MedSAM",
    sha256="34b34b78c1d18cb8c6bf84cf9c00e135d6d6c965699f3c0e31ef1bc9dcb5be74",
    size=375_049_145,
    download="https://zenodo.org/records/10689643/files/medsam_vit_b.pth",
)

CARD = WeightCard(
    name=SOURCE.name,
    title="MedSAM: SAM ViT-B fine-tuned on 1.5 million medical images, boxes",
    url=SOURCE.url,
    sha256=SOURCE.sha256,
    size=SOURCE.size,
    licence="Apache-2.0",
    training_data=("medsam-collection",),
    inherited_data=("sa-1b",),
    input_size=1024,
    normalisation=PREPARATION.words(1024),
    prompts=("box",),
    paper="arXiv 2304.12306",
    parameters=93_735_472,
)

RECIPE = Recipe(CARD, vit(VIT_B), PREPARATION, SOURCE)

MODELS.add(CARD.name, RECIPE.entry())
