"""A deterministic stand-in for a model, and small phantoms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from samaritan.core import Geometry, PromptSet, Volume
from samaritan.models._base import Embedding, Prediction, WeightCard

CARD = WeightCard(
    name="threshold", title="bright pixels under the prompt", url="", sha256=None, size=None, licence="Apache-2.0",
    training_data=(), input_size=0, normalisation="none", prompts=("box", "points"), paper="", parameters=0,
)  # fmt: skip


@dataclass
class ThresholdSegmenter:
    """Answers with the brightness above 100 inside the box, or around the positive points; counts its calls."""

    name: str = "threshold"
    card: WeightCard = CARD
    network: torch.nn.Module = field(default_factory=torch.nn.Identity)
    encoded: int = 0
    batches: list[int] = field(default_factory=list)

    def encode(self, picture: NDArray[np.float32]) -> Embedding:
        self.encoded += 1
        assert picture.dtype == np.float32
        assert picture.flags.c_contiguous
        assert picture.shape[2] == 3
        features = torch.from_numpy(picture[..., 0].T.copy())[None, None]
        return Embedding({"image": features}, (picture.shape[0], picture.shape[1]))

    def decode(
        self, embedding: Embedding, prompts: Sequence[PromptSet], *, multimask: bool = False
    ) -> list[Prediction]:
        self.batches.append(len(prompts))
        grey = embedding.features["image"][0, 0].numpy().T
        return [self._one(grey, prompt, 3 if multimask else 1) for prompt in prompts]

    @staticmethod
    def _one(grey: NDArray[np.float32], prompt: PromptSet, candidates: int) -> Prediction:
        x, y = np.indices(grey.shape)
        allowed = np.zeros(grey.shape, bool)
        if prompt.box is not None:
            (x0, y0, _), (x1, y1, _) = prompt.box.lo, prompt.box.hi
            allowed |= (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        if prompt.points is not None:
            for (px, py, _), label in zip(prompt.points.ijk, prompt.points.labels, strict=True):
                near = (x - px) ** 2 + (y - py) ** 2 <= 2**2
                allowed = allowed | near if label else allowed & ~near
        logits = np.where(allowed, grey - 100.0, -50.0).astype(np.float32)
        stack = np.stack([logits - 20.0 * c for c in range(candidates)])
        quality = np.array([0.5, 0.9, 0.1][:candidates], np.float32)
        return Prediction(stack, quality, np.zeros((candidates, 4, 4), np.float32))


@pytest.fixture
def segmenter() -> ThresholdSegmenter:
    return ThresholdSegmenter()


@pytest.fixture
def phantom() -> Volume:
    """(12, 9, 5), brightness that differs everywhere, a bright block at i 2..5, j 3..6, k 1..3; LPS, 1 x 1 x 3 mm."""
    data = np.arange(12 * 9 * 5, dtype=np.float32).reshape(12, 9, 5) % 7
    data[2:6, 3:7, 1:4] += 200
    return Volume(data, Geometry.from_spacing((12, 9, 5), (1, 1, 3)), "MR")
