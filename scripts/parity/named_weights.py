"""Weights that follow from a tensor's name, so that two programs can fill the same network without a file between them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

#: Mean of the score's bias that says whether a target is there.
PRESENCE = 0.6


def values(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Random values for one tensor: signals keep about their size on the way through a layer, and norms do something."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    noise = random.standard_normal(shape, dtype=np.float32)
    if name.endswith("gaussian_matrix"):
        return noise
    if len(shape) < 2:
        return 0.1 * noise + np.float32(_shift(name))
    gain = 2 if name.startswith("memory_attention") or name.endswith(("q_proj.weight", "k_proj.weight")) else 1
    return gain * noise / np.float32(np.sqrt(np.prod(shape[1:])))


def _shift(name: str) -> float:
    """The mean of a vector: scales are about 1, and what says that a target is there mostly does."""
    if name.endswith("pred_obj_score_head.layers.2.bias"):
        return PRESENCE
    return float(("norm" in name and name.endswith("weight")) or name.endswith("gamma"))


def state(shapes: Mapping[str, Iterable[int]]) -> dict[str, NDArray[np.float32]]:
    """Values for all tensors of a network."""
    return {name: values(name, tuple(shape)) for name, shape in shapes.items()}
