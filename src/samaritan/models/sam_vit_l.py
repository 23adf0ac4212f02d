"""SAM with ViT-L: Kirillov et al., "Segment Anything", arXiv 2304.02643."""

from __future__ import annotations

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import SAM, Recipe, vit
from samaritan.models._source import WeightSource
from samaritan.models._vit_config import VIT_L

SOURCE = WeightSource(
    name="sam-vit-l",
    file="sam_vit_l_0b3195.pth",
    url="https://github.com/facebookresearch/segment-anything#model-checkpoints",
    sha256="3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622",
    size=1_249_524_607,
    download="https://dl.fbaipublicfiles.com/segment_anything/sam_vit_l_0b3195.pth",
)

CARD = WeightCard(
    name=SOURCE.name,
    title="SAM ViT-L, the middle one of three: photographs, points, boxes and masks",
    url=SOURCE.url,
    sha256=SOURCE.sha256,
    size=SOURCE.size,
    licence="Apache-2.0",
    training_data=("sa-1b",),
    training_data_complete=True,
    input_size=1024,
    normalisation=SAM.words(1024),
    prompts=(
        "box",
        "points",
        "mask",
    ),
    paper="arXiv 2304.02643",
    parameters=312_342_832,
)

RECIPE = Recipe(CARD, vit(VIT_L), source=SOURCE)

MODELS.add(CARD.name, RECIPE.entry())
