"""Hiera, the image encoder of SAM 2, with the part of the feature pyramid that the mask decoder needs.

Ryali et al., "Hiera: A Hierarchical Vision Transformer without the Bells-and-Whistles", arXiv 2306.00989; as used in Ravi et
al., "SAM 2: Segment Anything in Images and Videos", arXiv 2408.00714, appendix D.1: attention in windows but for a few blocks,
queries pooled where a stage begins, positions as a tiled window plus a coarse background (Bolya et al., arXiv 2311.05613).

Modules and parameters are called as in ``transformers``. Tokens are (picture, y, x, width).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.models._folding import infers
from samaritan.models._levels import pack

#: Of the normalisations of the blocks.
EPS = 1e-6

#: Pixels from one token of the first stage to the next; each later stage doubles it.
STRIDE = 4


@dataclass(frozen=True)
class HieraConfig:
    """Size of a Hiera; the defaults are those of SAM 2 tiny.

    Attributes:
        width: channels of the first stage; each later stage has twice as many.
        heads: attention heads of the first stage; they double, too.
        depths: blocks of each stage.
        windows: side of the windows of each stage, in tokens.
        whole: numbers of the blocks whose attention sees the whole map.
        background: side of the coarse positional embedding.
        hidden: channels of the image embedding.
    """

    width: int = 96
    heads: int = 1
    depths: tuple[int, ...] = (1, 2, 7, 2)
    windows: tuple[int, ...] = (8, 4, 14, 7)
    whole: tuple[int, ...] = (5, 7, 9)
    background: int = 7
    hidden: int = 256

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each stage."""
        return tuple(self.width * 2**stage for stage in range(len(self.depths)))


class PatchEmbedding(nn.Module):
    """Pixels -> tokens, by one convolution whose fields overlap."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(3, width, kernel_size=7, stride=STRIDE, padding=3)

    def forward(self, pixels: Tensor) -> Tensor:
        """(picture, 3, 4 y, 4 x) -> (picture, y, x, width)."""
        found: Tensor = self.projection(pixels).permute(0, 2, 3, 1)
        return found


class HieraAttention(nn.Module):
    """Multi-head attention whose queries may be pooled two by two.

    Args:
        width: channels of the tokens.
        out: channels of the answer.
        heads: number of heads.
        pooled: whether every four queries become one.
    """

    def __init__(self, width: int, out: int, heads: int, *, pooled: bool) -> None:
        super().__init__()
        self.num_attention_heads, self.pooled = heads, pooled
        self.qkv = nn.Linear(width, 3 * out)
        self.proj = nn.Linear(out, out)

    def forward(self, tokens: Tensor) -> Tensor:
        """(window, y, x, width) -> (window, y, x, out), or half of y and x where queries are pooled."""
        count, rows, cols, _ = tokens.shape
        heads = self.num_attention_heads
        query, key, value = self.qkv(tokens).reshape(count, rows * cols, 3, heads, -1).unbind(2)
        if self.pooled:
            pooled = pool(query.reshape(count, rows, cols, -1))
            rows, cols = pooled.shape[1:3]
            query = pooled.reshape(count, rows * cols, heads, -1)
        seen = functional.scaled_dot_product_attention(*(part.transpose(1, 2) for part in (query, key, value)))
        answer: Tensor = self.proj(seen.transpose(1, 2).reshape(count, rows, cols, -1))
        return answer


class HieraMlp(nn.Module):
    """Two layers with a GELU between them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj_in = nn.Linear(width, 4 * width)
        self.proj_out = nn.Linear(4 * width, width)
        self.activation = nn.GELU()

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., width) -> the same shape."""
        changed: Tensor = self.proj_out(self.activation(self.proj_in(tokens)))
        return changed


class HieraBlock(nn.Module):
    """Attention in windows, then an MLP; the first block of a stage widens the tokens and halves the map.

    Args:
        width: channels of the tokens.
        out: channels of what it gives.
        heads: number of heads.
        window: side of the windows in tokens; 0 for the whole map.
        pooled: whether the map is halved.
    """

    def __init__(self, width: int, out: int, heads: int, window: int, *, pooled: bool) -> None:
        super().__init__()
        self.window_size, self.pooled = window, pooled
        self.layer_norm1 = nn.LayerNorm(width, EPS)
        self.attn = HieraAttention(width, out, heads, pooled=pooled)
        self.layer_norm2 = nn.LayerNorm(out, EPS)
        self.mlp = HieraMlp(out)
        self.proj = nn.Linear(width, out) if width != out else None

    def forward(self, tokens: Tensor) -> Tensor:
        """(picture, y, x, width) -> (picture, y, x, out), or half of y and x."""
        normed = self.layer_norm1(tokens)
        if self.proj is not None:
            tokens = self.proj(normed)
            tokens = pool(tokens) if self.pooled else tokens
        tokens = tokens + self._attend(normed, (tokens.shape[1], tokens.shape[2]))
        changed: Tensor = tokens + self.mlp(self.layer_norm2(tokens))
        return changed

    def _attend(self, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        """Attention in windows over (picture, y, x, width), cut to ``size``; what fills up the last windows is zero."""
        if not self.window_size:
            seen: Tensor = self.attn(tokens)
            return seen
        count, rows, cols, width = tokens.shape
        side = self.window_size
        down, across = -rows % side, -cols % side
        if down or across:
            tokens = functional.pad(tokens, (0, 0, 0, across, 0, down))
        high, wide = (rows + down) // side, (cols + across) // side
        windows = tokens.view(count, high, side, wide, side, width).transpose(2, 3).reshape(-1, side, side, width)
        seen = self.attn(windows)
        side = seen.shape[1]
        whole = (
            seen.view(count, high, wide, side, side, -1).transpose(2, 3).reshape(count, high * side, wide * side, -1)
        )
        return whole[:, : size[0], : size[1]]


class Hiera(nn.Module):
    """Pixels -> tokens of four scales."""

    def __init__(self, config: HieraConfig) -> None:
        super().__init__()
        self.patch_embed = PatchEmbedding(config.width)
        side = config.windows[0]
        self.pos_embed = nn.Parameter(torch.zeros(1, config.width, config.background, config.background))
        self.pos_embed_window = nn.Parameter(torch.zeros(1, config.width, side, side))
        self.blocks = nn.ModuleList()
        self.stage_ends: list[int] = []
        for stage, depth in enumerate(config.depths):
            for number in range(depth):
                first = stage > 0 and number == 0
                window = config.windows[stage - first]
                self.blocks.append(
                    HieraBlock(
                        config.widths[stage - first],
                        config.widths[stage],
                        config.heads * 2**stage,
                        0 if len(self.blocks) in config.whole else window,
                        pooled=first,
                    )
                )
            self.stage_ends.append(len(self.blocks) - 1)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """(picture, 3, side, side) -> the tokens of each stage (picture, y, x, width), the finest first."""
        tokens = self.patch_embed(pixels)
        tokens = tokens + self.positions((tokens.shape[1], tokens.shape[2]))
        found = []
        for number, block in enumerate(self.blocks):
            tokens = block(tokens)
            if number in self.stage_ends:
                found.append(tokens)
        return found

    def positions(self, size: tuple[int, int]) -> Tensor:
        """(1, y, x, width) positional embedding of a map of that size (y, x)."""
        coarse = functional.interpolate(self.pos_embed, size, mode="bicubic", align_corners=False)
        side = self.pos_embed_window.shape[-1]
        tiled = self.pos_embed_window.tile(1, 1, size[0] // side, size[1] // side)
        return (coarse + tiled).permute(0, 2, 3, 1)


class Neck(nn.Module):
    """Tokens of four scales -> the image embedding and the two finer maps that the mask decoder adds to its up-scaling.

    The finer maps get nothing from the coarser ones, so that theirs are two projections in a row; the second one, which the
    authors have in their mask decoder, belongs to the picture and is part of the embedding.
    """

    def __init__(self, config: HieraConfig) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(width, config.hidden, 1) for width in reversed(config.widths))
        self.conv_s0 = nn.Conv2d(config.hidden, config.hidden // 8, 1)
        self.conv_s1 = nn.Conv2d(config.hidden, config.hidden // 4, 1)

    def forward(self, scales: list[Tensor]) -> Tensor:
        """Tokens of each stage (picture, y, x, width), the finest first -> a packed embedding, see :mod:`._levels`."""
        finest, finer, fine, coarse = (tokens.permute(0, 3, 1, 2) for tokens in scales)
        image = self.convs[1](fine) + functional.interpolate(self.convs[0](coarse), fine.shape[2:], mode="nearest")
        return pack(image, _twice(self.convs[2], self.conv_s1, finer), _twice(self.convs[3], self.conv_s0, finest))


class HieraEncoder(nn.Module):
    """Pixels -> a packed embedding.

    Args:
        config: size.
    """

    def __init__(self, config: HieraConfig | None = None) -> None:
        super().__init__()
        config = config or HieraConfig()
        self.backbone = Hiera(config)
        self.neck = Neck(config)

    def forward(self, pixels: Tensor) -> Tensor:
        """(picture, 3, side, side) -> (picture, 4 hidden, side / 16, side / 16), see :mod:`samaritan.models._levels`."""
        packed: Tensor = self.neck(self.backbone(pixels))
        return packed


def pool(tokens: Tensor) -> Tensor:
    """The largest of every two by two: (picture, y, x, width) -> (picture, y / 2, x / 2, width)."""
    return functional.max_pool2d(tokens.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


def _twice(first: nn.Module, second: nn.Module, features: Tensor) -> Tensor:
    """Two projections in a row; for inference one, which at 1024 pixels saves a map of 64 MB."""
    if not (isinstance(first, nn.Conv2d) and isinstance(second, nn.Conv2d) and infers(first, second)):
        found: Tensor = second(first(features))
        return found
    assert first.bias is not None and second.bias is not None  # noqa: S101, PT018  for mypy: they have one
    outer = second.weight.flatten(1)
    weight, bias = outer @ first.weight.flatten(1), outer @ first.bias + second.bias
    return functional.conv2d(features, weight[..., None, None], bias)
