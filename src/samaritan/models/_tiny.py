"""Networks of a few thousand parameters with seeded random weights, so that tests run in milliseconds and without files."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from samaritan.core import ModelError
from samaritan.models._base import WeightCard
from samaritan.models._checkpoint import read_checkpoint
from samaritan.models._frame import Frame
from samaritan.models._keys import published_names
from samaritan.models._sam import SamSegmenter
from samaritan.models._sam_network import SamNetwork
from samaritan.models._weights import load_strictly

#: Fills a network with the tensors of a checkpoint, whose name is for messages.
Fill = Callable[[Any, Mapping[str, Tensor], str], int]


def fill_sam(network: SamNetwork, state: Mapping[str, Tensor], origin: str) -> int:
    """See :func:`samaritan.models._weights.load_strictly`; names are those of SAM checkpoints."""
    return load_strictly(network, state, published_names(network.state_dict()), origin)


def load_tiny(
    card: WeightCard,
    build: Callable[[], SamNetwork],
    frame: Frame,
    *,
    weights: Path | None,
    device: str,
    allow_unverified: bool,
    segmenter: Callable[..., SamSegmenter] = SamSegmenter,
    fill: Fill = fill_sam,
) -> SamSegmenter:
    """A miniature with its seeded weights, or with those of a file in the layout of its family's checkpoints.

    Raises:
        ModelError: ``weights`` without ``allow_unverified``, since nobody published a file to compare with.
    """
    network = seeded(build, seed=0)
    if weights is not None:
        fill(network, unverified(card, weights, allowed=allow_unverified), str(weights))
    return segmenter(card.name, card, network.to(device), frame)


def unverified(card: WeightCard, weights: Path, *, allowed: bool) -> dict[str, Tensor]:
    """The tensors of a file for a miniature.

    Raises:
        ModelError: not ``allowed``, since nobody published a file to compare with.
    """
    if not allowed:
        raise ModelError(f"{card.name} has no published weights to compare {weights} with; pass --allow-unverified.")
    return read_checkpoint(weights)


def seeded(build: Callable[[], SamNetwork], seed: int) -> SamNetwork:
    """Build a network and fill it from ``seed`` alone; the global random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        network = build()
    generator = torch.Generator().manual_seed(seed)
    network.load_state_dict({name: _values(name, old, generator) for name, old in _sorted_state(network)}, strict=True)
    return network


def _sorted_state(network: nn.Module) -> list[tuple[str, Tensor]]:
    return sorted(network.state_dict().items())


def _values(name: str, old: Tensor, generator: torch.Generator) -> Tensor:
    """Plausible values for one tensor: signals keep their size, variances stay positive."""
    if not old.is_floating_point():
        return old
    noise: Tensor = torch.randn(old.shape, generator=generator)
    if name.endswith("running_var"):
        return 1.0 + 0.1 * noise.abs()
    if old.ndim < 2:
        return 0.1 * noise + (1.0 if name.endswith("weight") else 0.0)
    if name.endswith("positional_embedding"):
        return noise
    return noise / math.sqrt(old[0].numel())
