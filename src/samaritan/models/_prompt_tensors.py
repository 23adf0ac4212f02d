"""Prompts as the network takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PromptTensors:
    """Prompts of one kind in the network's square, ready for the prompt encoder; None where a kind is not given.

    Attributes:
        points: (prompt, 1, point, 2) float32 x, y.
        labels: (prompt, 1, point) int64, 1 or 0.
        boxes: (prompt, 1, 4) float32 x0, y0, x1, y1.
        masks: (prompt, 1, grid, grid) float32 logits.
        texts: (prompt,) names of the targets; networks look at them only where they were taught names.
    """

    points: Tensor | None = None
    labels: Tensor | None = None
    boxes: Tensor | None = None
    masks: Tensor | None = None
    texts: tuple[str | None, ...] = (None,)

    @property
    def count(self) -> int:
        """Number of prompts."""
        given = [t for t in (self.points, self.boxes, self.masks) if t is not None]
        return given[0].shape[0] if given else len(self.texts)

    @classmethod
    def join(cls, parts: Sequence[PromptTensors]) -> PromptTensors:
        """Prompts of one kind, one behind the other."""

        def cat(name: str) -> Tensor | None:
            found = [getattr(part, name) for part in parts]
            return None if found[0] is None else torch.cat(found)

        texts = tuple(text for part in parts for text in part.texts)
        return cls(cat("points"), cat("labels"), cat("boxes"), cat("masks"), texts)

    def to(self, device: torch.device) -> PromptTensors:
        """The same on ``device``."""
        points, labels, boxes, masks = (
            None if t is None else t.to(device) for t in (self.points, self.labels, self.boxes, self.masks)
        )
        return PromptTensors(points, labels, boxes, masks, self.texts)
