"""The SAM-Med2D adapter: channel gate and convolutions beside each MLP.

Cheng et al., "SAM-Med2D", arXiv 2308.16184, section 3.
"""

from __future__ import annotations

from functools import partial

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from samaritan.adapt._base import METHODS, Method, MethodCard, MethodConfig
from samaritan.adapt._bottleneck import Beside, Start, norm_inside
from samaritan.adapt._surgery import Part, Surgery
from samaritan.core import ModelError

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


class GatedConvolutions(nn.Module):
    """LayerNorm(g + ReLU(up(ReLU(down(g))))) of gated tokens g = y * sigmoid(W_2 ReLU(W_1 mean(y))).

    Args:
        width: of the tokens.
        hidden: of the gate.
        start: "zero" lets the scale of the normalisation start at zero.
    """

    def __init__(self, width: int, hidden: int, start: Start = "zero") -> None:
        super().__init__()
        self.squeeze = nn.Linear(width, hidden, bias=False)
        self.excite = nn.Linear(hidden, width, bias=False)
        self.down = nn.Conv2d(width, width, 3, stride=2, padding=1, bias=False)
        self.up = nn.ConvTranspose2d(width, width, 4, stride=2, padding=1, bias=False)
        self.norm = nn.LayerNorm(width)
        for convolution in (self.down, self.up):
            nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
        if start == "zero":
            nn.init.zeros_(self.norm.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        """(batch, y, x, width) -> the same shape.

        Raises:
            ModelError: the tokens do not lie on a grid.
        """
        if tokens.ndim != 4:
            raise ModelError(
                f"{CARD.name} convolves (batch, y, x, width) tokens; this encoder's MLP gets {tuple(tokens.shape)}."
            )
        rows, cols = tokens.shape[1:3]
        gated = tokens * self.gate(tokens)
        fine = self.up(functional.relu(self.down(gated.permute(0, 3, 1, 2))))  # one more where the size is odd
        spatial = functional.relu(fine[..., :rows, :cols]).permute(0, 2, 3, 1)
        normed: Tensor = self.norm(gated + spatial)
        return normed

    def gate(self, tokens: Tensor) -> Tensor:
        """(batch, y, x, width) -> (batch, 1, 1, width) in 0..1."""
        return torch.sigmoid(self.excite(functional.relu(self.squeeze(tokens.mean(dim=(1, 2), keepdim=True)))))


def attach(surgery: Surgery, config: SamMed2dConfig) -> None:
    """An adapter beside each chosen MLP; prompt encoder and decoder train."""
    for block in surgery.blocks(config.blocks):
        adapter = GatedConvolutions(block.width, max(1, round(config.ratio * block.width)), config.start)
        surgery.wrap(block.at("mlp"), partial(Beside, adapter=adapter, norm=norm_inside(block)))
    surgery.train(config.train)


METHODS.add(CARD.name, Method(CARD, SamMed2dConfig, attach))
