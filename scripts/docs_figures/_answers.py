"""A real model's answers on a built-in sample, for figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from _style import BLUE, GREEN, ORANGE, RED, picture
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

import samaritan as sam
from samaritan.models import Prediction
from samaritan.predict import VolumePredictor

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scene:
    """A slice with one target, under one model.

    Attributes:
        predictor: of the image.
        index: of the slice.
        reference: (x, y) bool.
        near: how much of the picture to show, in sides of the target around its middle; 0 shows all.
    """

    predictor: VolumePredictor
    index: int
    reference: Mask
    near: float = 0.0

    @classmethod
    def of(cls, sample: str, case: int, label: int, model: Any, near: float = 0.0) -> Scene:
        """A target on the first slice of a sample."""
        chosen = sam.open_datasets([f"samples/{sample}"])[0].cases[case]
        predictor = VolumePredictor(model, chosen.read_image(), modality=chosen.modality)
        labels = chosen.read_references["reference"]()
        return cls(predictor, 0, predictor.view.slice(labels.data, 0) == label, near)

    def ask(self, prompt: sam.PromptSet, *, multimask: bool = False) -> Prediction:
        """The model's answer to one prompt at (x, y, 0) of the slice."""
        embedding = self.predictor.embedding(self.index)
        return self.predictor.segmenter.decode(embedding, [prompt], multimask=multimask)[0]

    def dice(self, mask: Mask) -> float:
        """Of a mask (x, y) with the reference."""
        return sam.score(pred=mask[..., None], ref=self.reference[..., None], spacing=(1.0, 1.0, 1.0))["dice"]

    def draw(self, axes: Any, mask: Mask | None, prompt: sam.PromptSet | None, title: str) -> None:
        """The slice with the reference's outline, a mask, and what was asked."""
        pixels = self.predictor.picture(self.index).astype(np.uint8)
        picture(axes, pixels, title)
        if mask is not None:
            shade = np.zeros((*mask.shape, 4))
            shade[mask] = (0.0, 0.62, 0.45, 0.55)
            axes.imshow(shade.swapaxes(0, 1), interpolation="nearest")
        axes.contour(self.reference.T, levels=[0.5], colors=[BLUE], linewidths=1.2)
        if prompt is not None:
            draw_prompt(axes, prompt)
        if self.near:
            places = np.argwhere(self.reference)
            middle, reach = places.mean(axis=0), self.near * np.ptp(places, axis=0).max() / 2
            axes.set(xlim=(middle[0] - reach, middle[0] + reach), ylim=(middle[1] + reach, middle[1] - reach))


def draw_prompt(axes: Any, prompt: sam.PromptSet) -> None:
    """A box, and clicks: inside as a plus, outside as a cross."""
    if prompt.box is not None:
        low, high = prompt.box.lo[:2], prompt.box.hi[:2]
        axes.add_patch(Rectangle(low - 0.5, *(high - low + 1), fill=False, edgecolor=ORANGE, linewidth=1.8))
    if prompt.points is not None:
        for place, label in zip(prompt.points.ijk, prompt.points.labels, strict=True):
            axes.plot(
                *place[:2], "P" if label else "X", color=ORANGE if label else RED, markersize=9, markeredgecolor="white"
            )


#: What colours mean, for a caption.
LEGEND = {"the reference's outline": BLUE, "the model's mask": GREEN, "what was asked": ORANGE}
