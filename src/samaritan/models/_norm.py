"""The layer normalisation of maps that SAM's networks share: in the neck, the prompt encoder and the mask decoder."""

from __future__ import annotations

from torch import Tensor, nn


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of a (batch, channel, y, x) map, eps 1e-6 as in SAM."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-6)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, channel, y, x) -> the same shape."""
        return super().forward(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
