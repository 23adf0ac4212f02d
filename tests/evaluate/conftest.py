"""Masks made by code, and a slow second implementation of every metric."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]


def border(mask: Mask) -> list[tuple[int, ...]]:
    """Border voxels, one at a time: a face neighbour along an axis longer than 1 is background or beyond the image."""
    axes = [a for a in range(3) if mask.shape[a] > 1] or [0, 1, 2]
    found = []
    for voxel in np.argwhere(mask).tolist():
        for axis in axes:
            for step in (-1, 1):
                near = list(voxel)
                near[axis] += step
                if not 0 <= near[axis] < mask.shape[axis] or not mask[tuple(near)]:
                    found.append(tuple(voxel))
    return sorted(set(found))


def percentile(values: list[float], q: float) -> float:
    """Linear interpolation between order statistics, at place q (n - 1)."""
    ordered = sorted(values)
    place = q / 100 * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


@pytest.fixture(scope="session")
def brute_force() -> Callable[..., dict[str, float]]:
    """All metrics on voxels of two non-empty masks by loops (NSD, on surface elements, is compared with a library)."""

    def compute(pred: Mask, ref: Mask, spacing: Spacing) -> dict[str, float]:
        points = [np.array(border(mask)) * np.array(spacing) for mask in (pred, ref)]
        apart = np.linalg.norm(points[0][:, None] - points[1][None], axis=-1)
        there, back = apart.min(axis=1).tolist(), apart.min(axis=0).tolist()
        p, r, both = int(pred.sum()), int(ref.sum()), int((pred & ref).sum())
        return {
            "dice": 2 * both / (p + r),
            "iou": both / (p + r - both),
            "volume_difference": abs(p - r) / r,
            "hd95_mm": max(percentile(there, 95), percentile(back, 95)),
            "assd_mm": math.fsum(there + back) / len(there + back),
        }

    return compute


@pytest.fixture
def blobs() -> Callable[..., tuple[Mask, Mask]]:
    """Two smooth overlapping random objects that do not touch the edge: ``blobs(seed, shape) -> (pred, ref)``."""

    def make(seed: int, shape: tuple[int, int, int] = (40, 36, 28)) -> tuple[Mask, Mask]:
        rng = np.random.default_rng(seed)
        grid = np.indices(shape)
        flat = [n == 1 for n in shape]
        masks = []
        for _ in range(2):
            mask = np.zeros(shape, bool)
            for _ in range(3):
                centre = [0 if f else n / 2 + rng.uniform(-0.1, 0.1) * n for n, f in zip(shape, flat, strict=True)]
                radii = [1 if f else n * rng.uniform(0.15, 0.28) for n, f in zip(shape, flat, strict=True)]
                parts = [((g - c) / r) ** 2 for g, c, r in zip(grid, centre, radii, strict=True)]
                mask |= np.sum(parts, axis=0) <= 1
            masks.append(mask)
        return masks[0], masks[1]

    return make
