"""Several answers against several raters: how far two sets of masks are apart where experts disagree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from samaritan.core import GeometryError, InputError
from samaritan.evaluate._base import Mask

#: Thresholds of the soft Dice; a place counts where more than this share marked it.
SOFT_THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.9)

#: Two empty masks agree (IoU and Dice 1, distance 0), an empty and a non-empty one do not (0, distance 1); for every score.
RATER_DEFINITIONS = {
    "ged": (
        "GED",
        "lower",
        "Squared generalised energy distance 2 E d(S, Y) - E d(S, S') - E d(Y, Y') with d = 1 - IoU, over all ordered pairs "
        "of samples S and raters Y, each with itself included (Kohl et al. 2018, arXiv 1806.05034).",
    ),
    "dice_max": ("Dice max", "higher", "Mean over raters of the Dice with the sample that is nearest to them."),
    "dice_match": (
        "Dice match",
        "higher",
        "Mean Dice of the best one-to-one assignment, after both lists were repeated to their least common multiple.",
    ),
    "soft_dice": (
        "Soft Dice",
        "higher",
        "Mean over the thresholds 0.1, 0.3, 0.5, 0.7, 0.9 of the Dice between what more than that share of the samples and "
        "more than that share of the raters marked.",
    ),
    "majority_dice": (
        "Majority Dice",
        "higher",
        "Mean over samples of the Dice with what more than half of the raters marked; a tie is background.",
    ),
}


def score_raters(
    samples: Sequence[Mask], raters: Sequence[Mask], *, probability: NDArray[np.floating] | None = None
) -> dict[str, float]:
    """Compare several predicted masks with the masks of several raters; order within either list has no effect.

    Args:
        samples: n >= 1 predicted masks (...) of one shape, two or three axes.
        raters: m >= 1 masks (...) of the same shape.
        probability: (...) in 0..1, what the soft Dice thresholds instead of the share of the samples that marked a place,
            e.g. the mean of the samples' probabilities.

    Returns:
        "ged", "dice_max", "dice_match", "soft_dice" and "majority_dice"; definitions in :func:`rater_table`.

    Raises:
        InputError: a list is empty, a mask is not bool, or the probability is not in 0..1.
        GeometryError: shapes differ.
    """
    check_raters(samples, "sample")
    check_raters(raters, "rater")
    if samples[0].shape != raters[0].shape:
        raise GeometryError(
            f"Samples and raters differ in shape: {samples[0].shape} and {raters[0].shape}; resample one first."
        )
    if probability is not None:
        check_probability(probability, raters[0].shape)
    pred, ref = _Packed.of(samples), _Packed.of(raters)
    between = _agreement(pred, ref)
    share, votes = np.mean(samples, axis=0), np.mean(raters, axis=0)
    majority = _Packed.of([votes > 0.5])
    return {
        "ged": _energy(between.iou, _agreement(pred, pred).iou, _agreement(ref, ref).iou),
        "dice_max": float(between.dice.max(axis=0).mean()),
        "dice_match": _matched(between.dice),
        "soft_dice": _soft_dice(share if probability is None else probability, votes),
        "majority_dice": float(_agreement(pred, majority).dice.mean()),
    }


def rater_table() -> list[dict[str, str]]:
    """One row per score of :func:`score_raters`: name, title, direction, its answers to empty masks, definition."""
    return [
        {
            "metric": name,
            "title": title,
            "better": better,
            "all empty": "0" if name == "ged" else "1",
            "one of a pair empty": "d = 1" if name == "ged" else "Dice 0",
            "definition": definition,
        }
        for name, (title, better, definition) in RATER_DEFINITIONS.items()
    ]


def check_raters(masks: Sequence[Mask], kind: str) -> None:
    """Refuse an empty list, masks that are not bool (InputError), or of several shapes (GeometryError)."""
    if not len(masks):
        raise InputError(f"At least one {kind} mask is needed; received none.")
    for number, mask in enumerate(masks):
        if mask.dtype != np.bool_:
            raise InputError(f"The {kind} mask {number} must be of bool; received {mask.dtype}: threshold it first.")
        if mask.shape != masks[0].shape:
            raise GeometryError(
                f"The {kind} mask {number} has shape {mask.shape}, the first one {masks[0].shape}; resample one first."
            )


def check_probability(probability: NDArray[np.floating], shape: tuple[int, ...]) -> None:
    """Refuse another shape (GeometryError), or values outside 0..1 (InputError)."""
    if probability.shape != shape:
        raise GeometryError(f"The probability has shape {probability.shape}, the masks {shape}; resample one first.")
    if not ((probability >= 0) & (probability <= 1)).all():  # NaN fails too
        raise InputError("A probability lies in 0..1; received other values: apply a sigmoid to logits first.")


class _Packed(NamedTuple):
    """Masks as rows of bits, and their sizes: counting common voxels of many pairs then is an AND and a bit count."""

    bits: NDArray[np.uint8]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, masks: Sequence[Mask]) -> _Packed:
        flat = np.stack([mask.ravel() for mask in masks])
        return cls(np.packbits(flat, axis=1), np.count_nonzero(flat, axis=1))


class _Agreement(NamedTuple):
    """(n, m) IoU and Dice of every pair."""

    iou: NDArray[np.float64]
    dice: NDArray[np.float64]


def _agreement(rows: _Packed, columns: _Packed) -> _Agreement:
    common = np.array([np.bitwise_count(row & columns.bits).sum(axis=1, dtype=np.int64) for row in rows.bits])
    total = rows.sizes[:, None] + columns.sizes[None]
    nothing = total == 0
    iou = np.where(nothing, 1.0, common / np.maximum(total - common, 1))
    return _Agreement(iou, np.where(nothing, 1.0, 2 * common / np.maximum(total, 1)))


def _energy(between: NDArray[np.float64], samples: NDArray[np.float64], raters: NDArray[np.float64]) -> float:
    """GED^2 from IoUs. 1 - IoU is of negative type, so less than 0 can only be rounding."""
    return max(0.0, float(samples.mean() + raters.mean() - 2 * between.mean()))


def _matched(dice: NDArray[np.float64]) -> float:
    n, m = dice.shape
    common = math.lcm(n, m)
    repeated = np.tile(dice, (common // n, common // m))
    return float(repeated[linear_sum_assignment(repeated, maximize=True)].mean())


def _soft_dice(share: NDArray[np.floating], votes: NDArray[np.floating]) -> float:
    scores = [_agreement(_Packed.of([share > tau]), _Packed.of([votes > tau])).dice for tau in SOFT_THRESHOLDS]
    return float(np.mean(scores))
