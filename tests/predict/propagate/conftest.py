"""Bright bodies in the dark, many slices high."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from samaritan.core import Box, Geometry, PromptSet, Volume
from samaritan.predict import VolumePredictor, VolumeSession

from ..conftest import ThresholdSegmenter

Ball = tuple[int, int, int, int]


def balls(shape: tuple[int, int, int], *places: Ball) -> Volume:
    """Bright balls (x, y, z, radius), in pictures that show (i, j) as (x, y)."""
    geometry = Geometry.from_spacing(shape, (1, 1, 1))
    i, j, k = np.indices(shape)
    data = np.full(shape, 20, np.float32)
    for x, y, z, radius in places:
        data[(i - x) ** 2 + (j - y) ** 2 + (k - z) ** 2 <= radius**2] = 200
    return Volume(data, geometry)


def box_on(volume: Volume, index: int, ball: Ball) -> PromptSet:
    """The tight box around a ball on one slice."""
    i, j = np.indices(volume.data.shape[:2])
    x, y, z, radius = ball
    places = np.argwhere((i - x) ** 2 + (j - y) ** 2 + (index - z) ** 2 <= radius**2)
    return PromptSet(box=Box(places.min(axis=0), places.max(axis=0)))


Make = Callable[..., VolumeSession]


@pytest.fixture
def make(segmenter: ThresholdSegmenter) -> Make:
    """A session on a volume."""

    def session(volume: Volume, propagation: str = "sequence", keep: int = 1, **settings: object) -> VolumeSession:
        predictor = VolumePredictor(segmenter, volume, intensity="asis", keep=keep)
        return VolumeSession(predictor, propagation, **settings)  # type: ignore[arg-type]

    return session
