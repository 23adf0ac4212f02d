"""SAM with ViT-H: Kirillov et al., "Segment Anything", arXiv 2304.02643."""

from __future__ import annotations

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import SAM, Recipe, vit
from samaritan.models._source import WeightSource
from samaritan.models._vit_config import VIT_H

SOURCE = WeightSource(
    name="sam-vit-h",
    file="sam_vit_h_4b8939.pth",
    url="https://github.com/facebookresearch/segment-anything#model-checkpoints",
    sha256="a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e",
    size=2_564_550_879,
    download="https://dl.fbaipublicfiles.com/segment_anything/sam_vit_h_4b8939.pth",
)

CARD = WeightCard(
    name=SOURCE.name,
    title="SAM ViT-H, the largest of three: photographs, points, boxes and masks",
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
    parameters=641_090_608,
)

RECIPE = Recipe(CARD, vit(VIT_H), source=SOURCE)

MODELS.add(CARD.name, RECIPE.entry())
