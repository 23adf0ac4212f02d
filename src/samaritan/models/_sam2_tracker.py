"""What SAM 2 keeps of a target on a slice, and how a later slice is seen in the light of it.

Ravi et al., "SAM 2: Segment Anything in Images and Videos", arXiv 2408.00714, section 4 ("memory bank") and appendix D.1. Two
things are kept of a target on a slice: a memory, which is the picture with the mask in it (M channels for each cell), and a
pointer, which is the token that made the mask. All slices on which a person said something are looked at, and the last few of
the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.models._base import Memory
from samaritan.models._mask_decoder import FeedForward
from samaritan.models._sam2_memory import MemoryAttention, MemoryEncoder, sines, times

#: So many slices back a memory is looked at where nobody said anything; one more embedding is for slices where somebody did.
REACH = 6

#: So many slices back a pointer is looked at; signed distances are told in parts of this.
POINTERS = 15

#: Logits where a target is said not to be on the slice.
ABSENT = -1024.0

#: What a mask in 0..1 is multiplied by, and what is added, before it becomes a memory.
SCALE, SHIFT = 20.0, -10.0

Past = Sequence[tuple[int, Memory]]


@dataclass(frozen=True)
class TrackerConfig:
    """Size of the memory; the defaults are those of SAM 2.1.

    Attributes:
        hidden: C.
        memory: M, channels of a memory.
        mlp: hidden width of the memory attention's MLPs.
        layers: of the memory attention.
        revised: SAM 2.1, whose pointers know how long ago they were and whose memories know that a target was absent.
    """

    hidden: int = 256
    memory: int = 64
    mlp: int = 2048
    layers: int = 4
    revised: bool = True


class Recalled:
    """What of a target's past is looked at.

    Args:
        past: of a :class:`samaritan.models.Track`.

    Attributes:
        memories: (number of the embedding of its time, memory).
        pointers: (distance, memory), of slices that were passed.
    """

    def __init__(self, past: Past) -> None:
        told = [(distance, memory) for distance, memory in past if memory.prompted]
        found = sorted(((d, m) for d, m in past if not m.prompted and 0 < d <= POINTERS), key=lambda one: one[0])
        near = [(distance - 1, memory) for distance, memory in found if distance <= REACH]
        self.memories: list[tuple[int, Memory]] = [(REACH, memory) for _, memory in told] + near[::-1]
        self.pointers: list[tuple[int, Memory]] = [(d, memory) for d, memory in told if d > 0] + found

    @property
    def counts(self) -> tuple[int, int]:
        """How many memories and pointers; targets with equal counts can be looked for together."""
        return len(self.memories), len(self.pointers)


class Tracker(nn.Module):
    """The part of SAM 2 that a single picture does not need."""

    def __init__(self, config: TrackerConfig) -> None:
        super().__init__()
        hidden, channels = config.hidden, config.memory
        self.memory_attention = MemoryAttention(hidden, channels, config.mlp, config.layers)
        self.memory_encoder = MemoryEncoder(hidden, channels)
        self.memory_temporal_positional_encoding = nn.Parameter(torch.zeros(REACH + 1, 1, 1, channels))
        self.no_memory_positional_encoding = nn.Parameter(torch.zeros(1, 1, hidden))  # published, and read by nobody
        self.no_object_pointer = nn.Parameter(torch.zeros(1, hidden))
        self.object_pointer_proj = FeedForward(hidden, hidden, hidden)
        self.pred_obj_score_head = FeedForward(hidden, hidden, 1)
        self.mask_downsample = nn.Conv2d(1, 1, kernel_size=4, stride=4)
        self.occlusion_spatial_embedding_parameter: nn.Parameter | None = None
        self.temporal_positional_encoding_projection_layer: nn.Linear | None = None
        if config.revised:
            self.occlusion_spatial_embedding_parameter = nn.Parameter(torch.zeros(1, channels))
            self.temporal_positional_encoding_projection_layer = nn.Linear(hidden, channels)

    def recall(self, image: Tensor, pasts: Sequence[Recalled]) -> Tensor:
        """A picture (1, C, y, x) in the light of the pasts of n targets, equal in their counts: (n, C, y, x)."""
        tokens, places = zip(*(self._tokens(past, image) for past in pasts), strict=True)
        placeless = len(pasts[0].pointers) * (image.shape[1] // tokens[0].shape[1])
        found: Tensor = self.memory_attention(image, torch.stack(tokens), torch.stack(places), placeless)
        return found

    def present(self, tokens: Tensor) -> Tensor:
        """Tokens (n, T, C) behind the mask decoder -> (n, 1) whether the target is on the slice."""
        score: Tensor = self.pred_obj_score_head(tokens[:, 0])
        return score > 0

    def point(self, tokens: Tensor, present: Tensor) -> Tensor:
        """The tokens (n, C) that made the masks -> pointers (n, C)."""
        return torch.where(present, self.object_pointer_proj(tokens), self.no_object_pointer)

    def remember(self, image: Tensor, masks: Tensor, present: Tensor) -> Tensor:
        """A picture and what was found on it.

        Args:
            image: (1, C, y, x).
            masks: (n, 1, 16 y, 16 x) in 0..1.
            present: (n, 1).

        Returns:
            (n, M, y, x).
        """
        memory: Tensor = self.memory_encoder(image, masks * SCALE + SHIFT)
        absent = self.occlusion_spatial_embedding_parameter
        return memory if absent is None else memory + torch.where(present, 0.0, absent)[..., None, None]

    def _tokens(self, past: Recalled, image: Tensor) -> tuple[Tensor, Tensor]:
        """Memories and pointers of one target as (token, M), and what is added to them as keys."""
        channels = self.memory_temporal_positional_encoding.shape[-1]
        tokens, added = [image.new_zeros(0, channels)], [image.new_zeros(0, channels)]
        grid = sines(channels, image.shape[2], image.shape[3], image.device)
        for time, memory in past.memories:
            tokens.append(memory.features["memory"].to(image)[0].flatten(1).mT)
            added.append(grid + self.memory_temporal_positional_encoding[time, 0])
        if past.pointers:
            pointers = torch.cat([memory.features["pointer"].to(image) for _, memory in past.pointers])
            tokens.append(pointers.reshape(-1, channels))
            parts = pointers.shape[1] // channels
            added.append(self._times([distance for distance, _ in past.pointers], pointers).repeat_interleave(parts, 0))
        return torch.cat(tokens), torch.cat(added)

    def _times(self, distances: Sequence[int], pointers: Tensor) -> Tensor:
        """(pointer, M) how many slices ago."""
        projection = self.temporal_positional_encoding_projection_layer
        if projection is None:
            return pointers.new_zeros(len(distances), self.memory_temporal_positional_encoding.shape[-1])
        ago = pointers.new_tensor(distances, dtype=torch.float32) / POINTERS
        placed: Tensor = projection(times(ago, pointers.shape[1]))
        return placed


def whole(logits: Tensor, side: int, *, sure: bool) -> Tensor:
    """Logits (n, 1, grid, grid) -> masks in 0..1 of the network's square (n, 1, side, side), 0 or 1 where ``sure``."""
    masks = functional.interpolate(logits, (side, side), mode="bilinear", align_corners=False)
    return (masks > 0).float() if sure else masks.sigmoid()
