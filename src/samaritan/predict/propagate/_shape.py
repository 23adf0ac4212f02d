"""Masks between two slices from their shapes alone.

Signed distances to the outline are interpolated linearly and cut at zero (Raya and Udupa, IEEE Trans. Med. Imaging 1990; the
distances are Euclidean here, and in pixels of the picture).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from samaritan.predict._patch import Mask, Patch
from samaritan.predict.propagate._base import Found, Target


def between(low: Patch, high: Patch, share: float) -> Patch:
    """The shape ``share`` (0..1) of the way from ``low`` to ``high``; empty where both are empty.

    A mask that is empty on one side only shrinks to nothing halfway. A signed distance of d pixels becomes the logit
    d / (1 + abs(d)): nobody looked at the slice, so a shape stays below 1 and gives way to a model that is sure of its answer.
    """
    first, last = (_signed(patch, _window(low, high)) for patch in (low, high))
    x, y = _window(low, high)
    picture = np.full(low.shape, -np.inf, np.float32)
    distance = (1 - share) * first + share * last
    picture[x, y] = distance / (1 + np.abs(distance))
    return Patch.of(picture)


def close_gaps(target: Target, gaps: Sequence[tuple[int, int]]) -> set[int]:
    """Interpolate where nothing was found between prompted slices; returns the slices that got a mask.

    Each run of empty slices lies between two slices with masks, which may be those of a chain.
    """
    filled: set[int] = set()
    for start, end in gaps:
        known = [index for index in range(start, end + 1) if index in target.found]
        for low, high in pairwise(known):
            for index in range(low + 1, high):
                target.found[index] = interpolated(target, low, high, index)
                filled.add(index)
    return filled


def interpolated(target: Target, low: int, high: int, index: int) -> Found:
    """The mask on slice ``index`` between those on ``low`` and ``high``."""
    share = (index - low) / (high - low)
    one, other = target.found[low], target.found[high]
    patch = between(one.patch, other.patch, share)
    return Found(patch, (1 - share) * one.quality + share * other.quality, "shape")


def _window(low: Patch, high: Patch) -> tuple[slice, slice]:
    """The box around both masks and a pixel more, inside the picture."""
    filled = [patch for patch in (low, high) if patch.area] or [low]
    first = np.maximum(np.min([patch.low for patch in filled], axis=0) - 1, 0)
    last = np.minimum(np.max([patch.high for patch in filled], axis=0) + 2, low.shape)
    return slice(int(first[0]), int(last[0])), slice(int(first[1]), int(last[1]))


def _signed(patch: Patch, window: tuple[slice, slice]) -> NDArray[np.float32]:
    """(x, y) distance to the outline, positive inside; of an empty mask minus the size of the window."""
    mask: Mask = patch.mask()[window]
    if not mask.any():
        return np.full(mask.shape, -float(max(mask.shape)), np.float32)
    padded = np.pad(mask, 1)  # what lies beyond the window is background
    inside = ndimage.distance_transform_edt(padded)[1:-1, 1:-1]
    outside = ndimage.distance_transform_edt(~padded)[1:-1, 1:-1]
    return np.asarray(np.where(mask, inside - 0.5, 0.5 - outside), np.float32)
