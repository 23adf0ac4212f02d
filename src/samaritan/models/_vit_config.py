"""The shape of SAM's image encoder, and its three published sizes; without torch, so that models are listed quickly."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ViTConfig:
    """The shape of an encoder; the defaults are ViT-B's.

    Attributes:
        width: channels of the tokens.
        depth: number of blocks.
        heads: of each attention.
        unwindowed: numbers of the blocks whose attention sees the whole map.
        side: of the input in pixels.
        patch: side of a token in pixels.
        window: side of a window in tokens.
        expansion: hidden width of the MLPs over that of the tokens.
        neck: channels of the image embedding.
        gate: hidden width of the gate of SAM-Med2D's adapter beside each MLP; 0 for a block without one.
        early: give also what the first block without windows gives, as more channels behind those of the embedding (SAM-HQ).
    """

    width: int = 768
    depth: int = 12
    heads: int = 12
    unwindowed: tuple[int, ...] = (2, 5, 8, 11)
    side: int = 1024
    patch: int = 16
    window: int = 14
    expansion: int = 4
    neck: int = 256
    gate: int = 0
    early: bool = False

    @property
    def cells(self) -> int:
        """Side of the map in tokens."""
        return self.side // self.patch


#: The sizes that Kirillov et al. trained, arXiv 2304.02643, appendix A.
VIT_B = ViTConfig()
VIT_L = ViTConfig(width=1024, depth=24, heads=16, unwindowed=(5, 11, 17, 23))
VIT_H = ViTConfig(width=1280, depth=32, heads=16, unwindowed=(7, 15, 23, 31))
