"""DoRA: the direction of a weight changes by a low-rank update, its magnitude is trained apart.

Liu et al., "DoRA: Weight-Decomposed Low-Rank Adaptation", arXiv 2402.09353, equation 5. The layer is that of the ``peft``
library.
"""

from __future__ import annotations

from pydantic import Field
from torch import nn

from samaritan.adapt._base import METHODS, Method, MethodCard
from samaritan.adapt._peft import PeftConfig, PeftWrapper, Role, inject, tune
from samaritan.adapt._surgery import Surgery

CARD = MethodCard(
    name="dora",
    title="Low-rank updates of the direction of weights, and their magnitude",
    paper="DoRA: Weight-Decomposed Low-Rank Adaptation, arXiv 2402.09353",
    attaches="E6: projections of the encoder blocks",
    trains="the low-rank matrices and a magnitude for each output channel, and the mask decoder",
    deviations=("The fused projection is one weight, so that queries, keys and values share the low-rank input.",),
    folds=True,
)


class DoraConfig(PeftConfig):
    """Settings of DoRA.

    Attributes:
        rank: of the updates.
        alpha: the update is scaled by alpha / rank; None is alpha = rank.
        dropout: of the update's input while training.
    """

    rank: int = Field(default=4, ge=1)
    alpha: int | None = Field(default=None, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)


def attach(surgery: Surgery, config: DoraConfig) -> None:
    """Tune the chosen projections."""
    from peft import LoraConfig  # noqa: PLC0415  listing methods stays quick

    settings = LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha or config.rank,
        lora_dropout=config.dropout,
        use_dora=True,
        target_modules=["base"],
    )

    def make(_: Role, base: nn.Linear) -> PeftWrapper:
        return inject(base, settings)

    tune(surgery, config, make)


METHODS.add(CARD.name, Method(CARD, DoraConfig, attach))
