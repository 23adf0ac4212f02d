"""All questions about one slice, put to the model together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet
from samaritan.predict._patch import Patch
from samaritan.predict.volume import VolumePredictor

#: Prompts that are decoded together; bounds memory, since every answer has the picture's size.
BATCH = 16

Candidates = Literal["single", "quality"]


class Reply(NamedTuple):
    """The answer to one question: (x, y) float32 logits, and the model's own estimate of IoU."""

    logits: NDArray[np.float32]
    quality: float


def replies(
    predictor: VolumePredictor, index: int, prompts: Sequence[PromptSet], candidates: Candidates
) -> Iterator[Reply]:
    """The answer to every prompt on one slice, in order, decoded in batches; never more than a batch is held."""
    for start in range(0, len(prompts), BATCH):
        for prediction in predictor.decode(index, prompts[start : start + BATCH], multimask=candidates == "quality"):
            chosen = int(np.argmax(prediction.quality)) if candidates == "quality" else 0
            yield Reply(prediction.logits[chosen], float(prediction.quality[chosen]))


def patches(
    predictor: VolumePredictor, index: int, asked: Mapping[str, Sequence[PromptSet]], candidates: Candidates
) -> dict[str, tuple[Patch, float]]:
    """Target -> its mask on the slice and the mean of the model's estimates; several answers for a target are united."""
    names = [name for name, prompts in asked.items() for _ in prompts]
    flat = [prompt for prompts in asked.values() for prompt in prompts]
    found: dict[str, list[tuple[Patch, float]]] = {}
    for name, reply in zip(names, replies(predictor, index, flat, candidates), strict=True):
        found.setdefault(name, []).append((Patch.of(reply.logits), reply.quality))
    return {
        name: (Patch.united([patch for patch, _ in answers]), float(np.mean([quality for _, quality in answers])))
        for name, answers in found.items()
    }
