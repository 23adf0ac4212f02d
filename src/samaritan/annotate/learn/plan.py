"""What Improve trains: an adapter that answers boxes and clicks better, and beside it a layer that proposes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from samaritan.core import Config
from samaritan.models import MODELS

Way = Literal["decoder", "lora"]

#: Boxes as a person draws them.
BOXES = ("box:jitter=0.05",)

#: For weights that know clicks also corrective ones on the model's own answers, whose logits the page does not feed back, so
#: that training does not either. Others are not asked with clicks (:mod:`samaritan.annotate.engine.corrections`).
CLICKS = ("box+clicks:3:feedback=none",)

#: Versions of each picture whose features are stored.
VARIANTS = 2

#: How often, and on how many pictures at most, a training looks at the cases kept apart, to keep its best state.
VALIDATIONS, MOST_VALIDATED = 2, 4


class Job(Config):
    """One training in the background; everything that decides its result.

    Attributes:
        data: folder of the accepted cases, as the workspace exports them.
        out: folder that the adapter is left in, with the course of its training.
        model: name of the base.
        weights: a file of its weights, where it is not the one the package finds.
        adapter: file of the adapter in use: the new one goes on from it where it is of the same kind, and is compared with it.
        method: "decoder" trains on stored embeddings; "lora" also adapts the last two encoder blocks.
        minutes: length of the training.
        steps: length in steps instead, which makes it repeatable.
        seed: start of all randomness.
        threads: of the processor.
        device: where the network runs.
        intensity: policy that images are prepared with; None leaves it to data and modality.
        features: folder for stored features, kept from one training to the next.
        embeddings: folder of a cache of embeddings, or None.
    """

    data: str
    out: str
    model: str
    weights: str | None = None
    adapter: str | None = None
    method: Way = "decoder"
    minutes: float | None = Field(default=None, gt=0)
    steps: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)
    threads: int = Field(default=1, ge=1)
    device: str = "cpu"
    intensity: str | None = None
    features: str | None = None
    embeddings: str | None = None

    @property
    def recipe(self) -> tuple[str, dict[str, Any]]:
        """Name and settings of the adaptation method."""
        return ("lora", {"blocks": "last:2"}) if self.method == "lora" else ("decoder", {})

    @property
    def prompts(self) -> tuple[str, ...]:
        """What the model is asked with in training: what the page asks it with."""
        return BOXES + CLICKS if "points" in MODELS.get(self.model).card.prompts else BOXES

    @property
    def earlier_split(self) -> Path | None:
        """Where the split of the adapter in use lies."""
        return None if self.adapter is None else Path(self.adapter).parent / "split.json"
