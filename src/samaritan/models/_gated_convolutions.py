"""The adapter of SAM-Med2D: Cheng et al., "SAM-Med2D", arXiv 2308.16184, section 3.

Part of SAM-Med2D's own encoder, and an adaptation of any other (:mod:`samaritan.adapt.sam_med2d`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.core import ModelError


class GatedConvolutions(nn.Module):
    """LayerNorm(y + ReLU(up(ReLU(down(g))))) of tokens y and gated ones g = y * sigmoid(W_2 ReLU(W_1 mean(y))).

    What is added to the convolutions are the tokens as they came, as in the authors' code, with which the weights were trained.
    Its normalisation has eps 1e-5, unlike those of the encoder.

    Args:
        width: of the tokens.
        hidden: of the gate.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(width, hidden, bias=False)
        self.excite = nn.Linear(hidden, width, bias=False)
        self.down = nn.Conv2d(width, width, 3, stride=2, padding=1, bias=False)
        self.up = nn.ConvTranspose2d(width, width, 4, stride=2, padding=1, bias=False)
        self.norm = nn.LayerNorm(width)
        for convolution in (self.down, self.up):
            nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, tokens: Tensor) -> Tensor:
        """(batch, y, x, width) -> the same shape.

        Raises:
            ModelError: the tokens do not lie on a grid.
        """
        if tokens.ndim != 4:
            raise ModelError(
                f"SAM-Med2D's adapter convolves (batch, y, x, width) tokens; this encoder's MLP gets {tuple(tokens.shape)}."
            )
        rows, cols = tokens.shape[1:3]
        gated = tokens * self.gate(tokens)
        fine = self.up(functional.relu(self.down(gated.permute(0, 3, 1, 2))))  # one more where the size is odd
        spatial = functional.relu(fine[..., :rows, :cols]).permute(0, 2, 3, 1)
        normed: Tensor = self.norm(tokens + spatial)
        return normed

    def gate(self, tokens: Tensor) -> Tensor:
        """(batch, y, x, width) -> (batch, 1, 1, width) in 0..1."""
        return torch.sigmoid(self.excite(functional.relu(self.squeeze(tokens.mean(dim=(1, 2), keepdim=True)))))
