"""Features below the first part that trains: computed once for each version of a picture, kept on disk, memory-mapped."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from samaritan.adapt import Adaptation
from samaritan.core import ResourceError, atomic_path
from samaritan.models._anatomy import Step, first_changed, run, steps

log = logging.getLogger(__name__)

#: Features as they are in a file, half or single precision.
Stored = NDArray[np.floating[Any]]

#: Features are stored in half precision, as long as their values fit.
LARGEST = float(np.finfo(np.float16).max)


class Trunk:
    """The encoder of an adapted model in two parts: what never changes, and what trains.

    Args:
        adapted: the model.
        store: folder for the features of the part that never changes; None keeps nothing.
        base_sha256: of the weights, part of the features' names.

    Attributes:
        computed: how many features were computed so far.
        read: how many were read instead.
    """

    def __init__(self, adapted: Adaptation, store: Path | None, base_sha256: str) -> None:
        chain = steps(adapted.network)
        changed = [*adapted.surgery.wrappers, *adapted.surgery.tuned]
        split = first_changed(chain, changed)
        self._fixed: list[tuple[str, Step]] = chain[:split]
        self.rest: list[tuple[str, Step]] = chain[split:]
        self._place = f"{base_sha256}/{self._fixed[-1][0] if self._fixed else ''}"
        self._store = store if self._fixed else None
        self._full = False
        self._device = adapted.network.position_grid.device
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
        path = self._store / key[:2] / f"{key}.npy"
        found = self._read(path)
        if found is None:
            found = _storable(self.compute(pixels))
            self._write(path, found)
        else:
            self.read += 1
        return torch.from_numpy(found.astype(np.float32)).to(self._device)

    def embed(self, features: Tensor) -> Tensor:
        """Features of the fixed part -> image embedding, (batch, hidden, cells, cells)."""
        return run(self.rest, features)

    @torch.no_grad()
    def compute(self, pixels: Tensor) -> Tensor:
        """Features of the fixed part, without looking into the store."""
        self.computed += 1
        return run(self._fixed, pixels.to(self._device))

    def _read(self, path: Path) -> Stored | None:
        try:
            return np.asarray(np.load(path, mmap_mode="r"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError):
            log.warning("Stored features %s are damaged and are computed again.", path.name)
            return None

    def _write(self, path: Path, features: Stored) -> None:
        if self._full:
            return
        try:
            with atomic_path(path) as temporary, temporary.open("wb") as stream:
                np.save(stream, features)
        except ResourceError as error:
            log.warning("Features are not stored any more: %s", error)
            self._full = True


def _storable(features: Tensor) -> Stored:
    """What a file holds of features: a run takes no other, so that it does not depend on what is stored already."""
    whole = features.cpu().numpy()
    return whole.astype(np.float16) if np.abs(whole).max() < LARGEST else whole
