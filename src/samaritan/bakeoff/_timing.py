"""How long one picture takes at inference."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from samaritan.core import Box, PromptSet
from samaritan.datasets import Case
from samaritan.models._base import Segmenter
from samaritan.predict.volume import VolumePredictor
from samaritan.train import TrainConfig

#: Measurements of which the fastest counts, since whatever else the machine does only adds; one more before them warms up.
REPEATS = 7


@dataclass(frozen=True)
class Timing:
    """Seconds, the fastest of :data:`REPEATS`.

    Attributes:
        encode: one picture through the encoder.
        decode: one box through the decoder.
    """

    encode: float
    decode: float


def time_inference(segmenter: Segmenter, case: Case, config: TrainConfig, target: str | None = None) -> Timing:
    """Time the middle slice of a case under a box over its middle, without reading or scoring.

    Args:
        segmenter: the model.
        case: from the test part.
        config: how images are prepared.
        target: a name that the model was taught, if it was taught any.
    """
    predictor = VolumePredictor(
        segmenter,
        case.read_image(),
        plane=config.plane,
        modality=case.modality,
        intensity=config.intensity or case.intensity,
    )
    picture = predictor.picture(predictor.view.count // 2)
    size = np.array(picture.shape[:2])
    prompt = PromptSet(box=Box(size // 4, np.maximum(size * 3 // 4 - 1, size // 4)), text=target)
    embedding = segmenter.encode(picture)
    return Timing(
        encode=_fastest(lambda: segmenter.encode(picture)),
        decode=_fastest(lambda: segmenter.decode(embedding, [prompt])),
    )


def _fastest(work: Callable[[], object]) -> float:
    work()
    spent = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return min(spent)
