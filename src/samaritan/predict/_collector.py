"""Slice after slice, the answers of the model become one label map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptError, SliceView
from samaritan.predict.overlap import Overlap, SliceLabels
from samaritan.predict.segmentation import pack, unpack


class Answer(NamedTuple):
    """What the model said to one prompt: (x, y) logits of ``target`` and its own estimate of IoU."""

    target: str
    logits: NDArray[np.float32]
    quality: float


class Collector:
    """Label map, overlaps and qualities, filled slice by slice; holds no logits beyond the slice at hand.

    Attributes:
        data: (i, j, k) unsigned label map.
        quality: target -> slice -> mean of the model's estimates.
        claims: with the rule "separate": target -> slice -> packed mask.
        contested: voxels that more than one target claims.
    """

    def __init__(self, view: SliceView, targets: tuple[str, ...], overlap: Overlap) -> None:
        self.view = view
        self.overlap = overlap
        kind = np.uint8 if len(targets) <= 255 else np.uint16
        # with axial slices one behind the other, those that nobody asks about take no memory
        self.data: NDArray[Any] = np.zeros(view.geometry.shape, kind, order="F")
        self.quality: dict[str, dict[int, float]] = {name: {} for name in targets}
        self.claims: dict[str, dict[int, NDArray[np.uint8]]] = {}
        self.contested = 0
        self._labels = {name: label for label, name in enumerate(targets, start=1)}
        self._rivals: set[str] = set()
        self._found: set[str] = set()

    def add(self, index: int, answers: Iterable[Answer]) -> None:
        """Enter all answers on slice ``index``.

        Raises:
            PromptError: targets overlap and the rule is "refuse".
        """
        labels = SliceLabels(self.view.shape, self.overlap)
        qualities: dict[str, list[float]] = {}
        for answer in answers:
            mask = answer.logits > 0
            if mask.any():
                self._found.add(answer.target)
            qualities.setdefault(answer.target, []).append(answer.quality)
            self._note_rivals(index, answer.target, labels.add(self._labels[answer.target], answer.logits))
            if self.overlap == "separate":
                self._claim(index, answer.target, mask)
        self.contested += int(labels.contested.sum())
        self.view.insert(self.data, index, labels.labels)
        for target, values in qualities.items():
            self.quality[target][index] = float(np.mean(values))

    def warnings(self) -> Iterator[str]:
        """What a person should know about the masks."""
        for name in self._labels:
            if name not in self._found:
                yield f"Target {name!r} is empty: the model found nothing under its prompts."
        if self.contested:
            names = ", ".join(name for name in self._labels if name in self._rivals)
            yield f"{self.contested} voxels were claimed by more than one of {names}; the rule {self.overlap!r} decided."

    def _note_rivals(self, index: int, target: str, rivals: list[int]) -> None:
        if not rivals:
            return
        names = list(self._labels)
        if self.overlap == "refuse":
            raise PromptError(
                f"Targets {names[rivals[0] - 1]!r} and {target!r} overlap on slice {index}; change their prompts or choose "
                "another overlap rule (quality, first, last or separate)."
            )
        self._rivals.update({target, *(names[rival - 1] for rival in rivals)})

    def _claim(self, index: int, target: str, mask: NDArray[np.bool_]) -> None:
        claims = self.claims.setdefault(target, {})
        if index in claims:
            mask = mask | unpack(claims[index], self.view.shape)
        claims[index] = pack(mask)
