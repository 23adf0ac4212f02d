"""SAM 2's memory: what a slice looks like in the light of others, and what is kept of it.

Ravi et al., "SAM 2: Segment Anything in Images and Videos", arXiv 2408.00714, section 4 and appendix D.1: attention of a
picture's cells to memories of other pictures and to pointers (tokens that stood for the target), with rotary positions (Su et
al., arXiv 2104.09864) along y and x; and an encoder of a picture with its mask.

Modules and parameters are called as in ``transformers``. Cells are (n, cell, C); memories have fewer channels, M.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.models._norm import ChannelNorm

#: Of the normalisations of the memory attention.
EPS = 1e-5

#: Base of all wavelengths, of sines and rotations alike.
TEMPERATURE = 10_000.0

#: Weight of the positions that are added to a picture's cells before they look at memories.
POSITIONS = 0.1

#: Channels of a mask on its way from pixels to cells.
MASK_CHANNELS = (1, 4, 16, 64, 256)


class RotaryAttention(nn.Module):
    """Attention with one head, whose queries and keys are turned by where they are.

    Args:
        width: channels of the queries and of the answer.
        memory: channels of keys and values.
    """

    def __init__(self, width: int, memory: int) -> None:
        super().__init__()
        self.num_attention_heads = 1
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(memory, width)
        self.v_proj = nn.Linear(memory, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, turns: Tensor, placeless: int = 0) -> Tensor:
        """Cells look at maps of the same size, one behind the other, and at tokens that are nowhere.

        Args:
            query: (1 or n, cell, C).
            key: (n, map cell + token, M).
            value: of the same shape.
            turns: (cell, C / 2) complex, see :func:`rotations`.
            placeless: number of tokens at the end.

        Returns:
            (n, cell, C).
        """
        queries, keys, values = self.q_proj(query), self.k_proj(key), self.v_proj(value)
        placed = keys.shape[1] - placeless
        maps = turn(keys[:, :placed].unflatten(1, (-1, len(turns))), turns).flatten(1, 2)
        keys = torch.cat([maps, keys[:, placed:]], dim=1) if placeless else maps
        queries = turn(queries, turns).expand(len(keys), -1, -1)
        seen = functional.scaled_dot_product_attention(queries[:, None], keys[:, None], values[:, None])
        answer: Tensor = self.out_proj(seen[:, 0])
        return answer


class MemoryAttentionLayer(nn.Module):
    """Cells look at each other, at the memories, and pass an MLP."""

    def __init__(self, width: int, memory: int, mlp: int) -> None:
        super().__init__()
        self.self_attn = RotaryAttention(width, width)
        self.cross_attn_image = RotaryAttention(width, memory)
        self.linear1, self.linear2 = nn.Linear(width, mlp), nn.Linear(mlp, width)
        self.layer_norm1 = nn.LayerNorm(width, EPS)
        self.layer_norm2 = nn.LayerNorm(width, EPS)
        self.layer_norm3 = nn.LayerNorm(width, EPS)

    def forward(self, cells: Tensor, key: Tensor, value: Tensor, turns: Tensor, placeless: int) -> Tensor:
        """(1 or n, cell, C) and n memories as in :class:`RotaryAttention` -> (n, cell, C)."""
        normed = self.layer_norm1(cells)
        cells = cells + self.self_attn(normed, normed, normed, turns)
        cells = cells + self.cross_attn_image(self.layer_norm2(cells), key, value, turns, placeless)
        changed: Tensor = cells + self.linear2(functional.relu(self.linear1(self.layer_norm3(cells))))
        return changed


class MemoryAttention(nn.Module):
    """Layers of :class:`MemoryAttentionLayer`.

    What the first layer does before it meets a memory is done once for all n targets of a picture.
    """

    def __init__(self, width: int, memory: int, mlp: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(MemoryAttentionLayer(width, memory, mlp) for _ in range(layers))
        self.layer_norm = nn.LayerNorm(width, EPS)

    def forward(self, image: Tensor, memories: Tensor, positions: Tensor, placeless: int) -> Tensor:
        """A picture in the light of memories.

        Args:
            image: (1, C, y, x).
            memories: (n, map cell + token, M).
            positions: of the same shape, added to the keys.
            placeless: number of tokens.

        Returns:
            (n, C, y, x).
        """
        size = image.shape[2:]
        turns = rotations(image.shape[1], size[0], size[1], image.device)
        cells = image.flatten(2).mT + POSITIONS * sines(image.shape[1], size[0], size[1], image.device)
        keys = memories + positions
        for layer in self.layers:
            cells = layer(cells, keys, memories, turns, placeless)
        normed: Tensor = self.layer_norm(cells)
        return normed.mT.reshape(len(normed), -1, *size)


class MaskLayer(nn.Module):
    """One halving of a mask's resolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel_size=3, stride=2, padding=1)
        self.layer_norm = ChannelNorm(outputs)

    def forward(self, masks: Tensor) -> Tensor:
        """(n, inputs, 2 y, 2 x) -> (n, outputs, y, x)."""
        return functional.gelu(self.layer_norm(self.conv(masks)))


class MaskDownsampler(nn.Module):
    """A mask of pixels as something that can be added to cells of 16 x 16 pixels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        steps = pairwise(MASK_CHANNELS)
        self.layers = nn.ModuleList(MaskLayer(inputs, outputs) for inputs, outputs in steps)
        self.final_conv = nn.Conv2d(MASK_CHANNELS[-1], width, kernel_size=1)

    def forward(self, masks: Tensor) -> Tensor:
        """(n, 1, 16 y, 16 x) -> (n, C, y, x)."""
        for layer in self.layers:
            masks = layer(masks)
        found: Tensor = self.final_conv(masks)
        return found


class FuserLayer(nn.Module):
    """A ConvNeXt block (Liu et al., arXiv 2201.03545)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise_conv = nn.Conv2d(width, width, kernel_size=7, padding=3, groups=width)
        self.layer_norm = ChannelNorm(width)
        self.pointwise_conv1, self.pointwise_conv2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.scale = nn.Parameter(torch.full((width,), 1e-6))

    def forward(self, features: Tensor) -> Tensor:
        """(n, C, y, x) -> the same shape."""
        pixels = self.layer_norm(self.depthwise_conv(features)).permute(0, 2, 3, 1)
        change = self.scale * self.pointwise_conv2(functional.gelu(self.pointwise_conv1(pixels)))
        changed: Tensor = features + change.permute(0, 3, 1, 2)
        return changed


class Fuser(nn.Module):
    """Layers of :class:`FuserLayer`."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(FuserLayer(width) for _ in range(layers))

    def forward(self, features: Tensor) -> Tensor:
        """(n, C, y, x) -> the same shape."""
        for layer in self.layers:
            features = layer(features)
        return features


class MemoryEncoder(nn.Module):
    """A picture and a mask of it -> a memory."""

    def __init__(self, width: int, memory: int) -> None:
        super().__init__()
        self.mask_downsampler = MaskDownsampler(width)
        self.feature_projection = nn.Conv2d(width, width, kernel_size=1)
        self.memory_fuser = Fuser(width, layers=2)
        self.projection = nn.Conv2d(width, memory, kernel_size=1)

    def forward(self, image: Tensor, masks: Tensor) -> Tensor:
        """(1, C, y, x) and (n, 1, 16 y, 16 x) -> (n, M, y, x)."""
        joined = self.feature_projection(image) + self.mask_downsampler(masks)
        memory: Tensor = self.projection(self.memory_fuser(joined))
        return memory


def sines(channels: int, rows: int, cols: int, device: torch.device) -> Tensor:
    """(cell, channel) sines of the place: half of the channels for y, half for x; the last place is a whole turn."""

    def along(count: int) -> Tensor:
        places = torch.arange(1, count + 1, dtype=torch.float32, device=device)
        angles = (places / (count + 1e-6) * 2 * math.pi)[:, None] / _wavelengths(channels // 2, device)
        return torch.stack([angles[:, 0::2].sin(), angles[:, 1::2].cos()], dim=2).flatten(1)

    y, x = along(rows)[:, None].expand(-1, cols, -1), along(cols)[None].expand(rows, -1, -1)
    return torch.cat([y, x], dim=2).flatten(0, 1)


def times(distances: Tensor, channels: int) -> Tensor:
    """(n,) distances in slices, over the largest one -> (n, channel) sines and cosines."""
    angles = distances[:, None] / _wavelengths(channels // 2, distances.device)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def rotations(channels: int, rows: int, cols: int, device: torch.device) -> Tensor:
    """(cell, channel / 2) complex numbers of length 1, which turn half of the pairs of channels by x, the others by y."""
    powers = torch.arange(0, channels, 4, dtype=torch.float32, device=device)[: channels // 4] / channels
    speeds = 1.0 / TEMPERATURE**powers
    y, x = torch.meshgrid(torch.arange(rows, device=device), torch.arange(cols, device=device), indexing="ij")
    angles = torch.cat([place.reshape(-1, 1) * speeds for place in (x.float(), y.float())], dim=1)
    return torch.polar(torch.ones_like(angles), angles)


def turn(tokens: Tensor, turns: Tensor) -> Tensor:
    """(..., cell, C) whose neighbouring channels are pairs, each turned by (cell, C / 2)."""
    pairs = torch.view_as_complex(tokens.float().reshape(*tokens.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turns).flatten(-2).to(tokens.dtype)


def _wavelengths(count: int, device: torch.device) -> Tensor:
    numbers = torch.arange(count, dtype=torch.float32, device=device)
    lengths: Tensor = TEMPERATURE ** (2 * torch.div(numbers, 2, rounding_mode="floor") / count)
    return lengths
