"""Features below the first part that trains: computed once for each version of a picture, kept on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from samaritan.adapt import Adaptation
from samaritan.core import UsageError
from samaritan.core.store import ArrayStore
from samaritan.models._anatomy import Step, first_changed, run, steps
from samaritan.models._sam_network import SamNetwork

#: Features as they are in a file, half or single precision.
Stored = NDArray[np.floating[Any]]

#: Of the one array in a file.
_NAME = "features"

#: Features are stored in half precision, as long as their values fit.
LARGEST = float(np.finfo(np.float16).max)


class Trunk:
    """The encoder of an adapted model in two parts: what never changes, and what trains.

    Args:
        adapted: the model.
        store: folder for the features of the part that never changes; None keeps nothing.
        base_sha256: of the weights, part of the features' names.
        checkpointing: keep nothing of what trains but what goes from step to step, and compute the rest again in the backward
            pass (Chen et al., arXiv 1604.06174).

    Raises:
        UsageError: ``checkpointing``, and blocks that hand on something beside their features.

    Attributes:
        computed: how many features were computed so far.
        read: how many were read instead.
    """

    def __init__(
        self, adapted: Adaptation, store: Path | None, base_sha256: str, *, checkpointing: bool = False
    ) -> None:
        if checkpointing and adapted.behaviour.hands_on:
            raise UsageError(
                f"gradient_checkpointing computes blocks again one by one, but those of {adapted.method.card.name} hand a code "
                "on; leave it out, and pass accumulate to save memory."
            )
        chain = steps(adapted.network)
        changed = [*adapted.surgery.wrappers, *adapted.surgery.tuned]
        split = first_changed(chain, changed)
        self._fixed: list[tuple[str, Step]] = chain[:split]
        self.rest: list[tuple[str, Step]] = chain[split:]
        self._place = f"{base_sha256}/{self._fixed[-1][0] if self._fixed else ''}"
        self._store = ArrayStore(store, what="stored features") if self._fixed and store is not None else None
        self._network, self._checkpointing = adapted.network, checkpointing
        self.computed = self.read = 0

    @property
    def frozen(self) -> bool:
        """True when the image embedding itself never changes."""
        return not self.rest

    @property
    def name(self) -> str:
        """The last module of the part that never changes; "" where everything trains."""
        return self._fixed[-1][0] if self._fixed else ""

    def features(self, pixels: Tensor) -> Tensor:
        """(1, 3, side, side) -> (1, channel, ...) features of the fixed part, from the store where they are there."""
        if self._store is None:
            return self.compute(pixels)
        key = hashlib.sha256(self._place.encode() + pixels.numpy().tobytes()).hexdigest()
        stored = self._store.read(key)
        if stored is None:
            found = _storable(self.compute(pixels))
            self._store.write(key, {_NAME: found})
        else:
            found = stored[_NAME]
            self.read += 1
        return torch.from_numpy(found.astype(np.float32)).to(self._network.position_grid.device)

    def embed(self, features: Tensor) -> Tensor:
        """Features of the fixed part -> image embedding, (batch, hidden, cells, cells)."""
        if not self._checkpointing or not torch.is_grad_enabled():
            return run(self.rest, features)
        for _, step in self.rest:
            features = checkpoint(_at_depth(self._network, step), features, use_reentrant=False)
        return features

    @torch.no_grad()
    def compute(self, pixels: Tensor) -> Tensor:
        """Features of the fixed part, without looking into the store."""
        self.computed += 1
        return run(self._fixed, pixels.to(self._network.position_grid.device))


def _at_depth(network: SamNetwork, step: Step) -> Step:
    """A step that sees as many neighbouring slices together when it is run again as it does now."""
    depth = network.depth

    def again(features: Tensor) -> Tensor:
        before, network.depth = network.depth, depth
        try:
            return step(features)
        finally:
            network.depth = before

    return again


def _storable(features: Tensor) -> Stored:
    """What a file holds of features: a run takes no other, so that it does not depend on what is stored already."""
    whole = features.cpu().contiguous().numpy()  # one memory layout, in which sums are added in one order
    return whole.astype(np.float16) if np.abs(whole).max() < LARGEST else whole
