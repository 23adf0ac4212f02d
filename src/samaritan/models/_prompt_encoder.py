"""SAM's prompt encoder: Kirillov et al., "Segment Anything", arXiv 2304.02643, appendix A.

Modules and parameters are called as in ``transformers``; see :mod:`samaritan.models._mask_decoder`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from samaritan.models._norm import ChannelNorm

#: Channels between the convolutions of a mask hint.
MASK_CHANNELS = 16

#: Labels of points beside -1, "not a point": background, foreground, and the corners of a box.
KINDS = 4


class PositionalEmbedding(nn.Module):
    """Random Fourier features of places (Tancik et al., arXiv 2006.10739); drawn once, never trained.

    Args:
        frequencies: number of them; sine and cosine of each make twice as many channels.
    """

    def __init__(self, frequencies: int) -> None:
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.randn(2, frequencies), requires_grad=False)

    def forward(self, places: Tensor, side: int | None = None) -> Tensor:
        """(..., 2) x, y in 0..side, or in 0..1 without a side -> (..., 2 frequencies)."""
        share = places if side is None else places / side
        angles = 2 * math.pi * ((2 * share - 1).to(self.positional_embedding.dtype) @ self.positional_embedding)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)


class MaskEmbedding(nn.Module):
    """A mask hint as something that can be added to an image embedding."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.activation = nn.GELU()
        self.conv1 = nn.Conv2d(1, MASK_CHANNELS // 4, kernel_size=2, stride=2)
        self.conv2 = nn.Conv2d(MASK_CHANNELS // 4, MASK_CHANNELS, kernel_size=2, stride=2)
        self.conv3 = nn.Conv2d(MASK_CHANNELS, hidden, kernel_size=1)
        self.layer_norm1 = ChannelNorm(MASK_CHANNELS // 4)
        self.layer_norm2 = ChannelNorm(MASK_CHANNELS)

    def forward(self, masks: Tensor) -> Tensor:
        """(n, 1, 4 y, 4 x) -> (n, hidden, y, x)."""
        coarse = self.activation(self.layer_norm1(self.conv1(masks)))
        dense: Tensor = self.conv3(self.activation(self.layer_norm2(self.conv2(coarse))))
        return dense


class PromptEncoder(nn.Module):
    """Points, boxes and mask hints -> tokens and a dense embedding.

    Args:
        hidden: channels of the image embedding.
        side: of the network's square in pixels.
        cells: side of the image embedding.
    """

    def __init__(self, hidden: int, side: int, cells: int) -> None:
        super().__init__()
        self.input_image_size, self.cells = side, cells
        self.shared_embedding = PositionalEmbedding(hidden // 2)
        self.mask_embed = MaskEmbedding(hidden)
        self.no_mask_embed = nn.Embedding(1, hidden)
        self.point_embed = nn.ModuleList(nn.Embedding(1, hidden) for _ in range(KINDS))
        self.not_a_point_embed = nn.Embedding(1, hidden)

    def forward(
        self, points: Tensor | None, labels: Tensor | None, boxes: Tensor | None, masks: Tensor | None
    ) -> tuple[Tensor | None, Tensor]:
        """Embed n questions of one kind.

        Args:
            points: (n, 1, k, 2) x, y in the network's square.
            labels: (n, 1, k) of points, 1 foreground, 0 background.
            boxes: (n, 1, 4) x0, y0, x1, y1.
            masks: (n, 1, 4 cells, 4 cells) logits.

        Returns:
            Tokens (n, 1, token, hidden), None without points and boxes; and dense (1 or n, hidden, cells, cells).
        """
        sparse = self.embed_places(points, labels, boxes)
        if masks is not None:
            return sparse, self.mask_embed(masks)
        dense = self.no_mask_embed.weight.reshape(1, -1, 1, 1)
        return sparse, dense.expand(-1, -1, self.cells, self.cells)

    def embed_places(self, points: Tensor | None, labels: Tensor | None, boxes: Tensor | None) -> Tensor | None:
        """Points and boxes as in :meth:`forward` -> tokens (n, 1, token, hidden); None without both."""
        placed = self.places(points, labels, boxes)
        return None if placed is None else self.tokens(*placed)

    def places(
        self, points: Tensor | None, labels: Tensor | None, boxes: Tensor | None
    ) -> tuple[Tensor, Tensor] | None:
        """Points and boxes as in :meth:`forward` -> what :meth:`tokens` takes; None without both."""
        places, kinds = [], []
        if points is not None and labels is not None:
            places, kinds = [points], [labels]
            if boxes is None:  # the authors' padding, with which the weights were trained
                places.append(points.new_zeros(*points.shape[:2], 1, 2))
                kinds.append(labels.new_full((*labels.shape[:2], 1), -1))
        if boxes is not None:
            places.append(boxes.view(*boxes.shape[:2], 2, 2))
            kinds.append(torch.tensor([2, 3], device=boxes.device).expand(*boxes.shape[:2], 2))
        return (torch.cat(places, dim=2), torch.cat(kinds, dim=2)) if places else None

    def filling(self, points: Tensor | None, boxes: Tensor | None) -> int | None:
        """Which of the tokens of :meth:`embed_places` is no point and only fills up; None where none is."""
        return points.shape[2] if points is not None and boxes is None else None

    def tokens(self, places: Tensor, kinds: Tensor) -> Tensor:
        """Places and what they mean -> tokens.

        Args:
            places: (n, 1, k, 2) x, y in the network's square; pixels have their centres at halves.
            kinds: (n, 1, k) whole numbers: -1 not a point, 0 background, 1 foreground, 2 and 3 first and second corner.

        Returns:
            (n, 1, k, hidden).
        """
        found: Tensor = self.shared_embedding(places + 0.5, self.input_image_size)
        table = torch.cat([self.not_a_point_embed.weight, *(kind.weight for kind in self.point_embed)])  # type: ignore[list-item]
        placed = torch.where((kinds == -1)[..., None], 0.0, found)
        return placed + table[kinds.long() + 1]
