"""SAM's image encoder, a plain vision transformer with windows.

Li et al., "Exploring Plain Vision Transformer Backbones for Object Detection", arXiv 2203.16527, as Kirillov et al. use it,
"Segment Anything", arXiv 2304.02643, appendix A; relative positions of rows and columns apart from each other as in Li et al.,
"MViTv2", arXiv 2112.01526, section 4.1. Modules and parameters are called as in ``transformers``, whose function this is
(tests/models). Tokens stay a (batch, y, x, channel) map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.models._gated_convolutions import GatedConvolutions
from samaritan.models._norm import ChannelNorm
from samaritan.models._vit_config import ViTConfig

#: Of all layer normalisations, as the authors have it.
EPS = 1e-6

#: So many scores of an attention are in memory at once. A block without windows has 200 million on a 64 x 64 map with 12 heads,
#: 800 MB; rows of queries that pass one after the other cost no time.
SCORES = 1 << 24


class ViT(nn.Module):
    """(batch, 3, side, side) pixels -> (batch, neck, cells, cells) features; with ``early`` (batch, neck + width, ...)."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = Patches(config)
        self.pos_embed = nn.Parameter(torch.zeros(1, config.cells, config.cells, config.width))
        self.layers = nn.ModuleList(Block(config, number) for number in range(config.depth))
        self.neck = Neck(config)

    def forward(self, pixels: Tensor) -> Tensor:
        """(batch, 3, side, side) -> (batch, neck, cells, cells), and the early features behind them where they are wanted."""
        tokens = self.patch_embed(pixels) + self.pos_embed
        early = None
        for number, layer in enumerate(self.layers):
            tokens = layer(tokens)
            if self.config.early and number == self.config.unwindowed[0]:
                early = tokens.permute(0, 3, 1, 2)
        features: Tensor = self.neck(tokens)
        return features if early is None else torch.cat([features, early], dim=1)


class Patches(nn.Module):
    """Each patch of the picture as one token."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.projection = nn.Conv2d(3, config.width, config.patch, config.patch)

    def forward(self, pixels: Tensor) -> Tensor:
        """(batch, 3, side, side) -> (batch, cells, cells, width)."""
        tokens: Tensor = self.projection(pixels)
        return tokens.permute(0, 2, 3, 1)


class Block(nn.Module):
    """Attention, inside windows or over the whole map, and an MLP, each behind a normalisation and added to what came in."""

    def __init__(self, config: ViTConfig, number: int) -> None:
        super().__init__()
        self.window_size = 0 if number in config.unwindowed else config.window
        self.layer_norm1 = nn.LayerNorm(config.width, EPS)
        self.attn = Attention(config.width, config.heads, self.window_size or config.cells)
        self.layer_norm2 = nn.LayerNorm(config.width, EPS)
        self.mlp = Mlp(config.width, config.expansion * config.width)
        self.adapter = GatedConvolutions(config.width, config.gate) if config.gate else None

    def forward(self, tokens: Tensor) -> Tensor:
        """(batch, y, x, width) -> the same shape."""
        normed = self.layer_norm1(tokens)
        tokens = tokens + (self._in_windows(normed) if self.window_size else self.attn(normed))
        normed = self.layer_norm2(tokens)
        changed: Tensor = tokens + self.mlp(normed)
        return changed if self.adapter is None else changed + self.adapter(normed)

    def _in_windows(self, tokens: Tensor) -> Tensor:
        """Cut into windows, attend, put together; the last windows are filled up with zeros behind the normalisation."""
        batch, rows, cols, width = tokens.shape
        side = self.window_size
        down, across = -(-rows // side), -(-cols // side)
        padded = functional.pad(tokens, (0, 0, 0, across * side - cols, 0, down * side - rows))
        windows = padded.view(batch, down, side, across, side, width).transpose(2, 3)
        attended: Tensor = self.attn(windows.reshape(-1, side, side, width))
        whole = attended.view(batch, down, across, side, side, width).transpose(2, 3)
        return whole.reshape(batch, down * side, across * side, width)[:, :rows, :cols]


class Attention(nn.Module):
    """Self-attention of a square map whose scores know how far two tokens are apart in rows and in columns.

    Args:
        width: of the tokens.
        heads: number of heads.
        size: side of the map in tokens.
    """

    def __init__(self, width: int, heads: int, size: int) -> None:
        super().__init__()
        self.num_attention_heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * size - 1, width // heads))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * size - 1, width // heads))

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, size, size, width) -> the same shape."""
        count, rows, cols, width = tokens.shape
        heads = self.num_attention_heads
        fused = self.qkv(tokens).view(count, rows * cols, 3, heads, width // heads)
        query, key, value = fused.permute(2, 0, 3, 1, 4)
        grid = query.view(count, heads, rows, cols, width // heads)
        strip = min(rows, max(1, SCORES // (count * heads * cols * rows * cols)))
        seen = [self._attend(grid[:, :, top : top + strip], top, key, value) for top in range(0, rows, strip)]
        joined = seen[0] if len(seen) == 1 else torch.cat(seen, dim=2)
        return self.proj(joined.transpose(1, 2).reshape(count, rows, cols, width))  # type: ignore[no-any-return]

    def _attend(self, query: Tensor, top: int, key: Tensor, value: Tensor) -> Tensor:
        """Queries of some rows (n, heads, y, x, d), the first of them ``top``, to all keys (n, heads, cell, d)."""
        count, heads, rows, cols, _ = query.shape
        place = torch.arange(cols, device=query.device)
        distances = place[:, None] - place + cols - 1  # from every key's place to a query's, none below zero
        down, across = self.rel_pos_h[distances[top : top + rows]], self.rel_pos_w[distances]
        bias_down = query @ down.mT
        bias_across = (query.transpose(2, 3) @ across.mT).transpose(2, 3)
        bias = (bias_down[..., None] + bias_across[..., None, :]).reshape(count, heads, rows * cols, -1)
        return functional.scaled_dot_product_attention(query.flatten(2, 3), key, value, attn_mask=bias)


class Mlp(nn.Module):
    """Two layers with a GELU between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.lin1 = nn.Linear(width, hidden)
        self.lin2 = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., width) -> the same shape."""
        return self.lin2(functional.gelu(self.lin1(tokens)))  # type: ignore[no-any-return]


class Neck(nn.Module):
    """Tokens as the channels that the mask decoder takes."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(config.width, config.neck, 1, bias=False)
        self.layer_norm1 = ChannelNorm(config.neck)
        self.conv2 = nn.Conv2d(config.neck, config.neck, 3, padding=1, bias=False)
        self.layer_norm2 = ChannelNorm(config.neck)

    def forward(self, tokens: Tensor) -> Tensor:
        """(batch, y, x, width) -> (batch, neck, y, x)."""
        features = self.layer_norm1(self.conv1(tokens.permute(0, 3, 1, 2)))
        return self.layer_norm2(self.conv2(features))  # type: ignore[no-any-return]
