"""TinyViT, the light image encoder of LiteMedSAM and MobileSAM.

Wu et al., "TinyViT: Fast Pretraining Distillation for Small Vision Transformers", ECCV 2022, arXiv 2207.10666, section 3.4:
a convolutional stem, one stage of inverted bottlenecks, three stages of windowed attention, each attention block followed
by a depthwise convolution. Deviations, which the SAM variants made: the last stage keeps its resolution, and SAM's neck
(two convolutions) ends the network. Attribute names are those of the published checkpoints, so that their tensors need no
renaming. Everything stays a (batch, channel, y, x) map between blocks, so that any input size runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.models._folding import convolve, fold, infers
from samaritan.models._norm import ChannelNorm

#: Hidden channels over input channels, in bottlenecks and in the MLPs (paper, table 9).
EXPANSION = 4

#: Rows of a map that pass a bottleneck together at inference, so that its hidden channels stay in the processor's cache.
STRIP = 8


@dataclass(frozen=True)
class TinyViTConfig:
    """The shape of a TinyViT; the defaults are LiteMedSAM's.

    Attributes:
        widths: channels of the four stages.
        depths: blocks of the four stages; the first stage is convolutional.
        heads: attention heads of the four stages (the first is not used).
        windows: side of the attention window of the four stages, in tokens (the first is not used).
        strides: of the three steps between the stages.
        stem_kernel: side of the two convolutions of the stem; MobileSAM has 3, LiteMedSAM 1.
        stem_stride: of each of them; MobileSAM has 2, LiteMedSAM 1.
        neck: output channels.
        early: give also what the second stage gives, as more channels behind those of the neck (SAM-HQ).
    """

    widths: tuple[int, int, int, int] = (64, 128, 160, 320)
    depths: tuple[int, int, int, int] = (2, 2, 6, 2)
    heads: tuple[int, int, int, int] = (2, 4, 5, 10)
    windows: tuple[int, int, int, int] = (7, 7, 14, 7)
    strides: tuple[int, int, int] = (2, 2, 1)
    stem_kernel: int = 1
    stem_stride: int = 1
    neck: int = 256
    early: bool = False

    @property
    def stride(self) -> int:
        """Input pixels per output token."""
        first, second, third = self.strides
        return self.stem_stride**2 * first * second * third


class TinyViT(nn.Module):
    """(batch, 3, y, x) pixels -> (batch, neck, y / stride, x / stride) features, with ``early`` more channels."""

    def __init__(self, config: TinyViTConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = Stem(config)
        self.layers = nn.ModuleList(Stage(config, index) for index in range(4))
        self.neck = nn.Sequential(
            nn.Conv2d(config.widths[-1], config.neck, 1, bias=False),
            ChannelNorm(config.neck),
            nn.Conv2d(config.neck, config.neck, 3, padding=1, bias=False),
            ChannelNorm(config.neck),
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """(batch, 3, y, x) normalised pixels -> (batch, neck, y / stride, x / stride), early features behind them."""
        features = self.patch_embed(pixels)
        kept: list[Tensor] = []
        for number, stage in enumerate(self.layers):
            features = stage(features)
            if self.config.early and number == 1:
                kept = [features]
        final: Tensor = self.neck(features)
        return torch.cat([final, *kept], dim=1) if kept else final


class ConvNorm(nn.Sequential):
    """A convolution without bias and its batch normalisation."""

    c: nn.Conv2d
    bn: nn.BatchNorm2d

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.add_module("c", nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False))
        self.add_module("bn", nn.BatchNorm2d(outputs))

    def forward(self, features: Tensor) -> Tensor:
        """(batch, inputs, y, x) -> (batch, outputs, y / stride, x / stride)."""
        if self.infers():
            return convolve(features, self.c, self.bn)
        return self.bn(self.c(features))  # type: ignore[no-any-return]

    def infers(self) -> bool:
        """Whether both may be computed as one, see :func:`samaritan.models._folding.infers`."""
        return not (self._forward_hooks or self._forward_pre_hooks) and infers(self.c, self.bn)


class Stem(nn.Module):
    """Pixels to the first stage's channels."""

    def __init__(self, config: TinyViTConfig) -> None:
        super().__init__()
        width, kernel, stride = config.widths[0], config.stem_kernel, config.stem_stride
        self.seq = nn.Sequential(
            ConvNorm(3, width // 2, kernel, stride), nn.GELU(), ConvNorm(width // 2, width, kernel, stride)
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """(batch, 3, y, x) -> (batch, width, y / stride^2, x / stride^2)."""
        return self.seq(pixels)  # type: ignore[no-any-return]


class Stage(nn.Module):
    """Blocks of one width, then the step to the next stage (none after the last)."""

    def __init__(self, config: TinyViTConfig, index: int) -> None:
        super().__init__()
        width, heads, window = config.widths[index], config.heads[index], config.windows[index]
        self.blocks = nn.ModuleList(
            Bottleneck(width) if index == 0 else AttentionBlock(width, heads, window)
            for _ in range(config.depths[index])
        )
        self.downsample: nn.Module | None = None
        if index < len(config.strides):
            self.downsample = Merging(width, config.widths[index + 1], config.strides[index])

    def forward(self, features: Tensor) -> Tensor:
        """(batch, width, y, x) -> (batch, next width, y / stride, x / stride)."""
        for block in self.blocks:
            features = block(features)
        return features if self.downsample is None else self.downsample(features)


class Bottleneck(nn.Module):
    """Inverted bottleneck with a residual (MobileNetV2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = EXPANSION * width
        self.conv1 = ConvNorm(width, hidden)
        self.conv2 = ConvNorm(hidden, hidden, kernel=3, groups=hidden)
        self.conv3 = ConvNorm(hidden, width)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, width, y, x) -> the same shape."""
        if all(type(part) is ConvNorm and part.infers() for part in (self.conv1, self.conv2, self.conv3)):
            return self._in_strips(features)
        hidden = functional.gelu(self.conv1(features))
        hidden = functional.gelu(self.conv2(hidden))
        return functional.gelu(features + self.conv3(hidden))

    def _in_strips(self, features: Tensor) -> Tensor:
        """The same, :data:`STRIP` rows at a time; the row above and below a strip passes the first convolution twice."""
        tokens = features.permute(0, 2, 3, 1).contiguous()
        rows = tokens.shape[1]
        (first, first_bias), (second, second_bias), (third, third_bias) = (
            fold(part.c, part.bn) for part in (self.conv1, self.conv2, self.conv3)
        )
        strips = []
        for top in range(0, rows, STRIP):
            end = min(top + STRIP, rows)
            above, below = max(top - 1, 0), min(end + 1, rows)
            hidden = functional.gelu(functional.linear(tokens[:, above:below], first[:, :, 0, 0], first_bias))
            if end - top + 2 > below - above:  # the hidden map, and not the picture, is surrounded by zeros
                hidden = functional.pad(hidden, (0, 0, 0, 0, above - top + 1, end + 1 - below))
            hidden = hidden.permute(0, 3, 1, 2)
            hidden = functional.conv2d(hidden, second, second_bias, padding=(0, 1), groups=len(second))
            hidden = functional.gelu(hidden.permute(0, 2, 3, 1))
            strips.append(
                functional.gelu(tokens[:, top:end] + functional.linear(hidden, third[:, :, 0, 0], third_bias))
            )
        return torch.cat(strips, dim=1).permute(0, 3, 1, 2)


class Merging(nn.Module):
    """From one stage's channels and resolution to the next's."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = ConvNorm(inputs, outputs)
        self.conv2 = ConvNorm(outputs, outputs, kernel=3, stride=stride, groups=outputs)
        self.conv3 = ConvNorm(outputs, outputs)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, inputs, y, x) -> (batch, outputs, y / stride, x / stride)."""
        hidden = _gelu(self.conv1(features))
        hidden = _gelu(self.conv2(hidden))
        return self.conv3(hidden)  # type: ignore[no-any-return]


def _gelu(features: Tensor) -> Tensor:
    """GELU of a (batch, channel, y, x) map; torch is quick with contiguous tensors alone, and maps lie channels last."""
    return functional.gelu(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class AttentionBlock(nn.Module):
    """Attention inside windows, a depthwise convolution across their borders, and an MLP."""

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.attn = WindowAttention(width, heads, window)
        self.local_conv = ConvNorm(width, width, kernel=3, groups=width)
        self.mlp = Mlp(width)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, width, y, x) -> the same shape."""
        tokens = features.permute(0, 2, 3, 1)
        features = (tokens + self._attend(tokens)).permute(0, 3, 1, 2)
        tokens = self.local_conv(features).permute(0, 2, 3, 1)
        return (tokens + self.mlp(tokens)).permute(0, 3, 1, 2)  # type: ignore[no-any-return]

    def _attend(self, tokens: Tensor) -> Tensor:
        """(batch, y, x, width): cut into windows, attend, put together; the last windows are padded with zero tokens."""
        batch, rows, cols, width = tokens.shape
        side = self.window
        down, across = -(-rows // side), -(-cols // side)
        padded = functional.pad(tokens, (0, 0, 0, across * side - cols, 0, down * side - rows))
        windows = padded.view(batch, down, side, across, side, width).transpose(2, 3)
        attended: Tensor = self.attn(windows.reshape(-1, side * side, width))
        whole = attended.view(batch, down, across, side, side, width).transpose(2, 3)
        return whole.reshape(batch, down * side, across * side, width)[:, :rows, :cols]


class WindowAttention(nn.Module):
    """Self-attention with a learned bias for each distance between two tokens of a window.

    A distance is (dy, dx) without signs; checkpoints number distances in the order in which they first appear when all
    pairs are visited row by row, and since the first token meets all of them that is dy * window + dx.
    """

    pairs: Tensor

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.attention_biases = nn.Parameter(torch.zeros(heads, window * window))
        side = torch.arange(window, device="cpu")  # in no file, so real also in a network that is built without memory
        rows, cols = side.repeat_interleave(window), side.repeat(window)
        distance = (rows[:, None] - rows).abs() * window + (cols[:, None] - cols).abs()
        self.register_buffer("pairs", distance, persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """(window, token, width) -> the same shape."""
        count, length, width = tokens.shape
        # per head, the checkpoint keeps query, key and value beside each other
        fused = self.qkv(self.norm(tokens)).view(count, length, self.heads, 3, width // self.heads)
        query, key, value = fused.permute(3, 0, 2, 1, 4)
        # with four dimensions the biases do not keep torch from its fused attention
        bias = self.attention_biases[None, :, self.pairs]
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return self.proj(attended.transpose(1, 2).reshape(count, length, width))  # type: ignore[no-any-return]


class Mlp(nn.Module):
    """Normalisation and two linear layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, EXPANSION * width)
        self.fc2 = nn.Linear(EXPANSION * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., width) -> the same shape."""
        return self.fc2(functional.gelu(self.fc1(self.norm(tokens))))  # type: ignore[no-any-return]
