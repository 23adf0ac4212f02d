"""SAM-Med2D: Cheng et al., "SAM-Med2D", arXiv 2308.16184. SAM with ViT-B at 256 pixels and adapters beside its MLPs."""

from __future__ import annotations

from dataclasses import replace

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import Preparation, Recipe, vit
from samaritan.models._source import WeightSource
from samaritan.models._vit_config import VIT_B

#: As the authors train (utils.py) and predict (predictor_sammed.py): ImageNet statistics, nearest pixels on a square, and masks
#: go back to the model as probabilities. In training alone, pictures smaller than 256 pixels on both sides were padded instead.
PREPARATION = Preparation("imagenet", keep_aspect=False, interpolation="nearest", hints="probabilities")

SOURCE = WeightSource(
    name="sam-med2d",
    file="sam-med2d_b.pth",
    url="https://github.com/OpenGVLab/SAM-Med2D",
    # no checksum is published, and nobody of us had the file in hands
    sha256=None,
    size=None,
)

CARD = WeightCard(
    name=SOURCE.name,
    title="SAM-Med2D: SAM ViT-B with adapters, 20 million masks on medical images, points, boxes and masks",
    url=SOURCE.url,
    sha256=SOURCE.sha256,
    size=SOURCE.size,
    licence="Apache-2.0",
    training_data=("sa-med2d-20m",),
    inherited_data=("sa-1b",),
    input_size=256,
    normalisation=PREPARATION.words(256),
    prompts=("box", "points", "mask"),
    paper="arXiv 2308.16184",
    parameters=271_241_776,
)

RECIPE = Recipe(CARD, vit(replace(VIT_B, gate=VIT_B.width // 4)), PREPARATION, SOURCE)

MODELS.add(CARD.name, RECIPE.entry())
