"""SAM-HQ's architecture in miniature, random weights: for tests."""

from __future__ import annotations

from dataclasses import replace

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import SAM, Recipe, vit
from samaritan.models.tiny_sam import ENCODER

CARD = WeightCard(
    name="tiny-sam-hq",
    title="Miniature of SAM-HQ with random weights, for tests",
    url="",
    sha256=None,
    size=None,
    licence="Apache-2.0",
    training_data=(),
    input_size=128,
    normalisation=SAM.words(128),
    prompts=("box", "points", "mask"),
    paper="arXiv 2306.01567",
    parameters=101_036,
)

RECIPE = Recipe(CARD, vit(replace(ENCODER, early=True)), decoder=(32, 2, 32), early=ENCODER.width, tags=("tiny",))

MODELS.add(CARD.name, RECIPE.entry())
