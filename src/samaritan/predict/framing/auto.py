"""Several looks at one target, fused by what the model and the looks say about each other; never by a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet, Window
from samaritan.models._base import Prediction
from samaritan.predict.framing._base import FRAMINGS, Look, Shape, number, pasted
from samaritan.predict.framing.along import FACTOR, squares
from samaritan.predict.framing.tiles import blended
from samaritan.predict.framing.zoom import WIDEST, around, elongation, extent

#: Sides of the squares that are looked at beside the whole picture, in longer sides of the prompt, where nobody says.
FACTORS = (1.3, 2.0, 3.0)

#: Prompts so many times as long as wide are also looked at square by square along their length.
ELONGATED = 3.0

#: How much better scores weigh: a look that is 0.1 better counts 2.2 times as much. Chosen for tight and loose boxes together.
SHARPNESS = 8.0

#: Probabilities are kept this far from 0 and 1 before they become logits again.
LEAST = 1e-6

Corners = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Auto:
    """``auto``: the whole picture and squares about the prompt, their probabilities averaged by score.

    ``auto:2`` or ``auto:1.3+2`` says which squares, fewer cost fewer encodings; otherwise they are :data:`FACTORS`. The score
    of a look is the model's own estimate of IoU, plus how well its mask fills the prompt's box, plus how well it agrees with
    the other looks (see :func:`scores`). Which rules were tried, and what each brings, is in docs/framing.md.
    A long and thin prompt (:data:`ELONGATED`) is also looked at along its length (``along:3``), which counts as one look.
    Squares that come out alike are looked at once; clicks alone have no extent and are answered on the whole picture.
    """

    factors: tuple[float, ...] = FACTORS

    @property
    def name(self) -> str:
        """``auto``, or ``auto:1.3+2``."""
        return "auto" if self.factors == FACTORS else "auto:" + "+".join(f"{factor:g}" for factor in self.factors)

    @property
    def prompted(self) -> bool:
        """Yes."""
        return True

    def next(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Sequence[Window]:
        """The whole picture and all squares, at once."""
        return () if looks else tuple(dict.fromkeys([*windows(prompt, shape, self.factors), *row(prompt, shape)]))

    def fuse(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Prediction:
        """Candidate by candidate, the looks' probabilities averaged by score."""
        seen = {look.window: look for look in looks}
        answers = [pasted(seen[window], shape) for window in windows(prompt, shape, self.factors)]
        if along := row(prompt, shape):
            answers.append(blended([seen[window] for window in along], shape))
        corners = extent(prompt)
        if len(answers) == 1 or corners is None:
            return answers[0]
        logits, quality = fused(np.stack([a.logits for a in answers]), np.stack([a.quality for a in answers]), corners)
        return Prediction(logits, quality, logits.swapaxes(1, 2))


def windows(prompt: PromptSet, shape: Shape, factors: Sequence[float] = FACTORS) -> tuple[Window, ...]:
    """The whole picture, then the squares about the prompt from narrow to wide, each once."""
    about = [around(prompt, factor, shape) for factor in factors]
    return tuple(dict.fromkeys([Window.whole(shape), *(square for square in about if square is not None)]))


def row(prompt: PromptSet, shape: Shape) -> tuple[Window, ...]:
    """The squares along a long and thin prompt; none for others, or where one of :func:`windows` is all there is."""
    found = squares(prompt, FACTOR, shape) if elongation(prompt) >= ELONGATED else ()
    return found if len(found) > 1 else ()


def fused(
    logits: NDArray[np.float32], quality: NDArray[np.float32], corners: Corners
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Average of several looks' probabilities, weighed by their scores.

    Args:
        logits: (look, candidate, x, y).
        quality: (look, candidate) the model's estimates of IoU.
        corners: smallest and largest pixel (x, y) of the prompt.

    Returns:
        Logits (candidate, x, y) and the average estimate (candidate,).
    """
    found = scores(logits > 0, quality, corners)
    weights = np.exp(SHARPNESS * (found - found.max(axis=0)))
    weights /= weights.sum(axis=0)
    probability = np.zeros(logits.shape[1:], np.float32)
    for look, weight in zip(logits, weights.astype(np.float32), strict=True):
        probability += weight[:, None, None] * (1 + np.tanh(look / 2)) / 2  # the sigmoid, without overflow
    probability = np.clip(probability, LEAST, 1 - LEAST)
    return np.log(probability / (1 - probability)), np.asarray((weights * quality).sum(axis=0), np.float32)


def scores(masks: NDArray[np.bool_], quality: NDArray[np.float32], corners: Corners) -> NDArray[np.float64]:
    """(look, candidate) estimate of IoU + IoU of the mask's extent with the prompt's + mean Dice with the other looks.

    Args:
        masks: (look, candidate, x, y).
        quality: (look, candidate).
        corners: as in :func:`fused`.
    """
    fit = np.array([[extent_iou(mask, corners) for mask in look] for look in masks])
    return np.asarray(quality + fit + agreement(masks), np.float64)


def extent_iou(mask: NDArray[np.bool_], corners: Corners) -> float:
    """IoU of the smallest box around an (x, y) mask with the prompt's extent, whole pixels counted; 0 for no mask."""
    if not mask.any():
        return 0.0
    (x0, x1), (y0, y1) = (np.flatnonzero(mask.any(axis=other))[[0, -1]] for other in (1, 0))
    low, high = np.array([x0, y0]), np.array([x1, y1]) + 1
    prompt_low, prompt_high = corners[0], corners[1] + 1
    shared = np.clip(np.minimum(high, prompt_high) - np.maximum(low, prompt_low), 0, None).prod()
    return float(shared / ((high - low).prod() + (prompt_high - prompt_low).prod() - shared))


def agreement(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(look, candidate) mean Dice of each mask (look, candidate, x, y) with those of the other looks; two empty ones agree."""
    count = len(masks)
    areas = masks.sum(axis=(2, 3))
    total = np.zeros(areas.shape)
    for one in range(count):
        for other in range(one):
            shared = (masks[one] & masks[other]).sum(axis=(1, 2))
            both = areas[one] + areas[other]
            dice = np.where(both > 0, 2 * shared / np.maximum(both, 1), 1.0)
            total[one] += dice
            total[other] += dice
    return total / max(count - 1, 1)


@FRAMINGS.register("auto")
def make(text: str) -> Auto:
    """``auto``, ``auto:F`` or ``auto:F+F``."""
    if not text:
        return Auto()
    return Auto(tuple(sorted({number("auto", factor.strip(), 1.0, WIDEST) for factor in text.split("+")})))
