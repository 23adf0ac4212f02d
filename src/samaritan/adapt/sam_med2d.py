"""The SAM-Med2D adapter: channel gate and convolutions beside each MLP.

Cheng et al., "SAM-Med2D", arXiv 2308.16184, section 3.
"""

from __future__ import annotations

from functools import partial

from pydantic import Field
from torch import nn

from samaritan.adapt._base import METHODS, Method, MethodCard, MethodConfig
from samaritan.adapt._bottleneck import Beside, Start, norm_inside
from samaritan.adapt._surgery import Part, Surgery
from samaritan.models._gated_convolutions import GatedConvolutions

CARD = MethodCard(
    name="sam-med2d",
    title="Channel gate and convolutions beside each MLP",
    paper="SAM-Med2D, arXiv 2308.16184",
    attaches="E4: beside the MLP of encoder blocks",
    trains="the adapters, the prompt encoder, the mask decoder",
    deviations=(
        "The last normalisation starts at zero, so answers change only with training; start=released lets it start at one, "
        "and the model then answers at random until it is trained.",
        "Maps of odd size lose the row and the column that the two convolutions add.",
        "Prompts, corrections and loss are those of this package's training; the release corrects eight times in a row on "
        "a detached embedding.",
    ),
)


class SamMed2dConfig(MethodConfig):
    """Settings of SAM-Med2D.

    Attributes:
        blocks: encoder blocks, see :meth:`samaritan.adapt._surgery.Surgery.blocks`.
        ratio: hidden width of the gate over the width of the block.
        start: zero changes no answer until something is trained; released takes the initial values of the authors' code.
        train: parts of the base that train besides.
    """

    blocks: str = "all"
    ratio: float = Field(default=0.25, gt=0, le=4)
    start: Start = "zero"
    train: tuple[Part, ...] = ("prompts", "decoder")


def attach(surgery: Surgery, config: SamMed2dConfig) -> None:
    """An adapter beside each chosen MLP; prompt encoder and decoder train."""
    for block in surgery.blocks(config.blocks):
        adapter = GatedConvolutions(block.width, max(1, round(config.ratio * block.width)))
        if config.start == "zero":
            nn.init.zeros_(adapter.norm.weight)
        surgery.wrap(block.at("mlp"), partial(Beside, adapter=adapter, norm=norm_inside(block)))
    surgery.train(config.train)


METHODS.add(CARD.name, Method(CARD, SamMed2dConfig, attach))
