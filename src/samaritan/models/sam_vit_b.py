"""SAM with ViT-B: Kirillov et al., "Segment Anything", arXiv 2304.02643."""

from __future__ import annotations

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import SAM, Recipe, vit
from samaritan.models._source import WeightSource
from samaritan.models._vit_config import VIT_B

SOURCE = WeightSource(
    name="sam-vit-b",
    file="sam_vit_b_01ec64.pth",
    url="https://github.com/facebookresearch/segment-anything#model-checkpoints",
    sha256="ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912",
    size=375_042_383,
    download="https://dl.fbaipublicfiles.com/segment_anything/sam_vit_b_01ec64.pth",
)

CARD = WeightCard(
    name=SOURCE.name,
    title="SAM ViT-B, the smallest of three: photographs, points, boxes and masks",
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
    parameters=93_735_472,
)

RECIPE = Recipe(CARD, vit(VIT_B), source=SOURCE)

MODELS.add(CARD.name, RECIPE.entry())
