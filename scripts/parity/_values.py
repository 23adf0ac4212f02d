"""What both sides of a comparison must have alike: values of weights by their names, a picture, prompts, and sizes of networks.

Imported by the authors' side and by ours, so it needs numpy and torch alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

#: Kinds of prompt.
QUESTIONS = ("box", "point", "points and box", "nothing", "mask")


@dataclass(frozen=True)
class Case:
    """A network to compare.

    Attributes:
        name: of the case.
        family: "sam", "sam-hq", "mobilesam", "sam-hq-tiny" or "sam-med2d".
        side: of its input in pixels.
        width: of the ViT's tokens, or of the four stages of a TinyViT.
        depth: of the ViT, or of the four stages.
        heads: of the ViT, or of the four stages.
        unwindowed: blocks of a ViT without windows.
        window: of a ViT.
        expansion: of a ViT's MLPs.
        decoder: hidden channels, heads and width of the MLPs of prompt encoder and mask decoder.
        asked: questions, of :data:`QUESTIONS`.
    """

    name: str
    family: str
    side: int
    width: Any
    depth: Any
    heads: Any
    unwindowed: tuple[int, ...] = ()
    window: int = 14
    expansion: int = 4
    decoder: tuple[int, int, int] = (256, 8, 2048)
    asked: tuple[str, ...] = QUESTIONS

    @property
    def early(self) -> int:
        """Channels of the early features of SAM-HQ; 0 for all others."""
        return {"sam-hq": self.width, "sam-hq-tiny": self.width[2] if isinstance(self.width, tuple) else 0}.get(
            self.family, 0
        )


_SMALL = {"side": 128, "width": 32, "depth": 2, "heads": 2, "unwindowed": (1,), "window": 3, "expansion": 2,
          "decoder": (32, 2, 32)}  # fmt: skip
_B = {"width": 768, "depth": 12, "heads": 12, "unwindowed": (2, 5, 8, 11)}
_TINY = {"side": 1024, "width": (64, 128, 160, 320), "depth": (2, 2, 6, 2), "heads": (2, 4, 5, 10)}
# the authors' TinyViT always has a neck of 256 channels and a map of 64 x 64, and keeps its resolution before a stage of
# 320 channels
_SMALL_TINY = {
    "side": 1024,
    "width": (8, 8, 8, 320),
    "depth": (1, 1, 1, 1),
    "heads": (1, 1, 1, 10),
    "decoder": (256, 2, 16),
    "asked": ("box",),
}

#: What a test compares each time.
SMALL = (
    Case("sam, small", "sam", **_SMALL),
    Case("sam-hq, small", "sam-hq", **_SMALL),
    Case("sam-med2d, small", "sam-med2d", **_SMALL),
    Case("mobilesam, small", "mobilesam", **_SMALL_TINY),
    Case("sam-hq-tiny, small", "sam-hq-tiny", **_SMALL_TINY),
)

#: Networks as published, too large for a test.
FULL = (
    Case("sam-vit-b", "sam", side=1024, **_B),
    Case("sam-hq-vit-b", "sam-hq", side=1024, **_B),
    Case("sam-med2d", "sam-med2d", side=256, **_B),
    Case("mobilesam", "mobilesam", **_TINY),
    Case("sam-hq-tiny", "sam-hq-tiny", **_TINY),
)


def value(name: str, shape: Iterable[int]) -> Tensor:
    """What the tensor of a published name holds: signals keep their size, variances stay positive."""
    shape = tuple(shape)
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    noise = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape, dtype=np.float32)
    if name.endswith("running_var"):
        noise = 1 + 0.1 * np.abs(noise)
    elif name.endswith(("positional_encoding_gaussian_matrix", "point_embeddings.weight")):
        pass
    elif name.endswith("pos_embed"):
        noise *= 0.5
    elif len(shape) < 2:
        noise = 0.1 * noise + (1 if name.endswith("weight") else 0)
    else:
        noise /= np.float32(np.sqrt(np.prod(shape[1:])))
    return torch.from_numpy(np.asarray(noise, np.float32))


def pixels(side: int) -> Tensor:
    """(1, 3, side, side), normalised, smooth enough to be a picture."""
    coarse = torch.from_numpy(np.random.default_rng(3).standard_normal((1, 3, 16, 16), dtype=np.float32))
    return torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic", align_corners=False)


def questions(case: Case) -> dict[str, dict[str, Tensor]]:
    """Kind -> points (1, k, 2) and labels (1, k), boxes (1, 4), masks (1, 1, grid, grid), each where it is given."""
    side, grid = case.side, case.side // 4
    point = {"points": torch.tensor([[[0.4, 0.3]]]) * side, "labels": torch.tensor([[1]])}
    box = {"boxes": torch.tensor([[0.2, 0.15, 0.7, 0.6]]) * side}
    two = {"points": torch.tensor([[[0.4, 0.3], [0.8, 0.9]]]) * side, "labels": torch.tensor([[1, 0]])}
    mask = {"masks": 4 * torch.nn.functional.interpolate(pixels(32)[:, :1], (grid, grid), mode="bilinear")}
    every = {"box": box, "point": point, "points and box": two | box, "nothing": {}, "mask": mask}
    return {kind: every[kind] for kind in case.asked}
