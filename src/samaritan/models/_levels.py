"""SAM 2's embedding of a picture as one tensor: three maps, of which the finer two are laid out cell by cell.

The image embedding has C channels and one value per cell of 16 x 16 pixels. The mask decoder adds to its two up-scalings a map
of twice (C / 4 channels) and one of four times the resolution (C / 8 channels). A cell of the packed tensor holds

    C                      the image embedding
    4 x C / 4              the finer map, at its places (y, x) in the cell
    4 x 4 x C / 8          the finest map, at its places (y, x) in those places

which together are 4 C channels: one tensor for runtimes, stores and training, in the order in which the decoder up-scales.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Levels(NamedTuple):
    """The three maps.

    Attributes:
        image: (n, C, y, x).
        finer: (n, C / 4, 2 y, 2 x).
        finest: (n, C / 8, 4 y, 4 x).
    """

    image: Tensor
    finer: Tensor
    finest: Tensor


def pack(image: Tensor, finer: Tensor, finest: Tensor) -> Tensor:
    """Three maps as in :class:`Levels` -> (n, 4 C, y, x); memory lies channels last."""
    count, hidden, rows, cols = image.shape
    # channel, y, (y), x, (x) -> cell, place, channel
    inner = finer.view(count, hidden // 4, rows, 2, cols, 2).permute(0, 2, 4, 3, 5, 1)
    innermost = finest.view(count, hidden // 8, rows, 2, 2, cols, 2, 2).permute(0, 2, 5, 3, 6, 4, 7, 1)
    cells = [image.permute(0, 2, 3, 1), inner.flatten(3), innermost.flatten(3)]
    return torch.cat(cells, dim=3).permute(0, 3, 1, 2)


def unpack(packed: Tensor) -> Levels:
    """The inverse of :func:`pack`."""
    count, channels, rows, cols = packed.shape
    hidden = channels // 4
    image, inner, innermost = torch.split(packed, [hidden, hidden, 2 * hidden], dim=1)
    finer = inner.reshape(count, 2, 2, -1, rows, cols).permute(0, 3, 4, 1, 5, 2)
    finest = innermost.reshape(count, 2, 2, 2, 2, -1, rows, cols).permute(0, 5, 6, 1, 3, 7, 2, 4)
    return Levels(
        image.contiguous(),
        finer.reshape(count, -1, 2 * rows, 2 * cols),
        finest.reshape(count, -1, 4 * rows, 4 * cols),
    )
