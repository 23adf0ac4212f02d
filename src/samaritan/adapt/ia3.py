"""(IA)3: channels of projections and of the MLP's hidden layer are scaled.

Liu et al., "Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning", arXiv 2205.05638, section
3.3. The layer is that of the ``peft`` library.
"""

from __future__ import annotations

from pydantic import Field
from torch import nn

from samaritan.adapt._base import METHODS, Method, MethodCard
from samaritan.adapt._peft import PeftConfig, PeftWrapper, Role, inject, tune
from samaritan.adapt._surgery import Surgery

CARD = MethodCard(
    name="ia3",
    title="Scales of the attention's channels and of the MLP's hidden channels",
    paper="Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning, arXiv 2205.05638",
    attaches="E6: outputs of the fused projection, inputs of the MLP's second layer",
    trains="one scale for each of these channels, and the mask decoder",
    deviations=(
        "The fused projection is scaled as a whole: queries too, which in a product with keys is what scaling keys is.",
    ),
    folds=True,
)


class Ia3Config(PeftConfig):
    """Settings of (IA)3; of ``lin2`` the inputs are scaled (the hidden layer of the MLP), of the others the outputs."""

    targets: tuple[Role, ...] = Field(default=("qkv", "lin2"), min_length=1)


def attach(surgery: Surgery, config: Ia3Config) -> None:
    """Tune the chosen projections."""
    from peft import IA3Config  # noqa: PLC0415  listing methods stays quick

    def make(role: Role, base: nn.Linear) -> PeftWrapper:
        hidden = ["base"] if role == "lin2" else []
        return inject(base, IA3Config(target_modules=["base"], feedforward_modules=hidden))

    tune(surgery, config, make)


METHODS.add(CARD.name, Method(CARD, Ia3Config, attach))
