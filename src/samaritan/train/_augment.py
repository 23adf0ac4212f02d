"""Augmented versions of an example, numbered: the same number gives the same version, so that its features can be stored."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from samaritan.train._config import Augmentation
from samaritan.train._examples import Example, Target

#: Words in modalities without an upright: any turn is as likely as another.
TURNING = ("microscopy", "histopathology", "fundus", "dermoscopy", "photograph")

#: Words in names of targets that a mirror would make wrong.
SIDES = ("left", "right", "_l", "_r")


def variant(example: Example, number: int, mode: Augmentation, seed: int) -> Example:
    """Version ``number`` of an example; 0 is the example itself.

    Args:
        example: as it was read.
        number: of the version.
        mode: which changes are made; not "auto".
        seed: of the run.
    """
    if number == 0 or mode == "none":
        return example
    transforms = _transforms(mode)
    transforms.set_random_state((zlib.crc32(example.key.encode()) + 7919 * number + seed) % 2**32)
    masks = [mask for target in example.targets for mask in target.masks.values()]
    depth, x, y, channels = example.pictures.shape
    layers = example.pictures.astype(np.float32).transpose(0, 3, 1, 2).reshape(depth * channels, x, y)
    moved = transforms({"picture": layers, "masks": np.stack(masks).astype(np.float32)})
    found = np.clip(np.asarray(moved["picture"], np.float32), 0, 255)
    pictures = found.reshape(depth, channels, *found.shape[1:]).transpose(0, 2, 3, 1)
    soft = iter(np.clip(np.asarray(moved["masks"], np.float32), 0, 1))
    targets = tuple(Target(target.name, {rater: next(soft) for rater in target.masks}) for target in example.targets)
    return replace(example, pictures=pictures.astype(np.float16), targets=targets)


def resolve(
    mode: Augmentation, modalities: Sequence[str | None], names: Sequence[str], *, by_name: bool
) -> Augmentation:
    """What "auto" means for this data.

    Args:
        mode: as configured.
        modalities: of the pictures.
        names: of the targets.
        by_name: True when the model is asked by name, so that a mirrored left must not be called left.
    """
    if mode != "auto":
        return mode
    if by_name and any(side in name.lower() for name in names for side in SIDES):
        return "still"
    known = [modality.lower() for modality in modalities if modality]
    turning = known and all(any(word in modality for word in TURNING) for modality in known)
    return "all" if turning else "upright"


@cache
def _transforms(mode: Augmentation) -> Any:
    from monai.transforms import (  # noqa: PLC0415 - imports for seconds
        Compose,
        RandAdjustContrastd,
        RandAffined,
        RandFlipd,
        RandGaussianNoised,
        RandRotate90d,
    )

    both = ("picture", "masks")
    flips = [] if mode == "still" else [RandFlipd(both, prob=0.5, spatial_axis=0)]
    turns = [RandFlipd(both, prob=0.5, spatial_axis=1), RandRotate90d(both, prob=0.5)] if mode == "all" else []
    affine = RandAffined(
        both, prob=0.5, rotate_range=0.2, scale_range=0.15, mode="bilinear", padding_mode="zeros", cache_grid=False
    )
    grey = [
        RandAdjustContrastd("picture", prob=0.5, gamma=(0.7, 1.5)),
        RandGaussianNoised("picture", prob=0.2, std=4.0),
    ]
    return Compose([*flips, *turns, affine, *grey])
