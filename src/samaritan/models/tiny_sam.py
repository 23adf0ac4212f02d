"""SAM's ViT architecture in miniature, random weights: for tests."""

from __future__ import annotations

from samaritan.models._base import MODELS, WeightCard
from samaritan.models._family import SAM, Recipe, vit
from samaritan.models._vit_config import ViTConfig

#: With one block with windows and one without.
ENCODER = ViTConfig(width=32, depth=2, heads=2, unwindowed=(1,), window=3, expansion=2, neck=32)

CARD = WeightCard(
    name="tiny-sam",
    title="Miniature of SAM ViT with random weights, for tests",
    url="",
    sha256=None,
    size=None,
    licence="Apache-2.0",
    training_data=(),
    input_size=128,
    normalisation=SAM.words(128),
    prompts=("box", "points", "mask"),
    paper="arXiv 2304.02643",
    parameters=92_268,
)

RECIPE = Recipe(CARD, vit(ENCODER), decoder=(32, 2, 32), tags=("tiny",))

MODELS.add(CARD.name, RECIPE.entry())
