"""SAM-Med2D's architecture in miniature, random weights: for tests."""

from __future__ import annotations

from dataclasses import replace

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import Recipe, vit
from samaritan.models.sam_med2d import PREPARATION
from samaritan.models.tiny_sam import ENCODER

CARD = WeightCard(
    name="tiny-sam-med2d",
    title="Miniature of SAM-Med2D with random weights, for tests",
    url="",
    sha256=None,
    size=None,
    licence="Apache-2.0",
    training_data=(),
    input_size=128,
    normalisation=PREPARATION.words(128),
    prompts=("box", "points", "mask"),
    paper="arXiv 2308.16184",
    parameters=144_620,
)

RECIPE = Recipe(CARD, vit(replace(ENCODER, gate=ENCODER.width // 4)), PREPARATION, decoder=(32, 2, 32), tags=("tiny",))

MODELS.add(CARD.name, RECIPE.entry())
