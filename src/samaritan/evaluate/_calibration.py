"""Whether a probability means what it says, and whether uncertainty lies where the errors are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from samaritan.core import InputError
from samaritan.evaluate._base import Mask
from samaritan.evaluate._raters import check_probability, check_raters


class Reliability(NamedTuple):
    """The reliability curve: one entry for each bin of equal width over 0..1; NaN where a bin is empty.

    Attributes:
        probability: (bin,) mean of the predicted probability.
        frequency: (bin,) share of the raters' votes that are foreground.
        places: (bin,) number of pixels or voxels.
    """

    probability: NDArray[np.float64]
    frequency: NDArray[np.float64]
    places: NDArray[np.int64]


def calibration(probability: NDArray[np.floating], raters: Sequence[Mask], *, bins: int = 15) -> dict[str, float]:
    """Expected calibration error and Brier score of the probability of foreground.

    Background far from the target is easy and hides the rest: to score a region, index the arrays with it first.

    Args:
        probability: (...) of foreground, 0..1.
        raters: m >= 1 masks (...) of the same shape; with one, that is the reference.
        bins: of equal width over 0..1; a value on an edge belongs to the bin above, 1 to the last one.

    Returns:
        "ece": sum over bins of (places / all) |mean probability - frequency of foreground| (Naeini et al. 2015), where every
        rater's vote counts; "brier": mean over places and raters of (probability - vote)^2 (Brier 1950).

    Raises:
        InputError: no or not bool masks, no places, a probability outside 0..1, or less than one bin.
        GeometryError: shapes differ.
    """
    curve = reliability(probability, raters, bins=bins)
    used = curve.places > 0
    gap = np.abs(curve.probability[used] - curve.frequency[used])
    # mean over votes y of (p - y)^2 = (p - v)^2 + v (1 - v) with v their mean
    exact, votes = probability.astype(np.float64), np.mean(raters, axis=0)
    return {
        "ece": float((gap * curve.places[used]).sum() / curve.places.sum()),
        "brier": float(np.mean((exact - votes) ** 2 + votes * (1 - votes))),
    }


def reliability(probability: NDArray[np.floating], raters: Sequence[Mask], *, bins: int = 15) -> Reliability:
    """Predicted probability against observed frequency; arguments and errors as in :func:`calibration`."""
    check_raters(raters, "rater")
    check_probability(probability, raters[0].shape)
    if bins < 1:
        raise InputError(f"A reliability curve needs at least 1 bin; received {bins}.")
    if not probability.size:
        raise InputError("There is no place to score: the arrays are empty.")
    exact, votes = probability.astype(np.float64).ravel(), np.mean(raters, axis=0).ravel()
    number = np.minimum((exact * bins).astype(np.int64), bins - 1)
    places = np.bincount(number, minlength=bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 in bins without places is NaN, as documented
        return Reliability(np.bincount(number, exact, bins) / places, np.bincount(number, votes, bins) / places, places)


def entropy(probability: NDArray[np.floating]) -> NDArray[np.float64]:
    """-p log p - (1 - p) log(1 - p) in nats, 0 to log 2, for each place (SAM-U, arXiv 2307.04973)."""
    p = probability.astype(np.float64)
    check_probability(p, p.shape)
    found = np.zeros_like(p)
    for share in (p, 1 - p):
        np.subtract(found, share * np.log(np.where(share > 0, share, 1.0)), out=found)
    return np.clip(found, 0.0, math.log(2))


def uncertainty_error_overlap(uncertainty: NDArray[np.floating], *, pred: Mask, ref: Mask, above: float) -> float:
    """Dice of the uncertain places (uncertainty > ``above``) with the wrong ones; 1 where there are none of either.

    Jungo et al. 2020, "Analyzing the Quality and Challenges of Uncertainty Estimations for Brain Tumor Segmentation".

    Args:
        uncertainty: (...) e.g. :func:`entropy` in nats.
        pred: (...) predicted mask.
        ref: (...) reference.
        above: threshold, in the unit of ``uncertainty``.

    Raises:
        InputError: a mask is not bool.
        GeometryError: shapes differ.
    """
    uncertain = np.asarray(uncertainty > above)
    check_raters([pred, ref, uncertain], "given")
    wrong = pred != ref
    total = np.count_nonzero(uncertain) + np.count_nonzero(wrong)
    return float(2 * np.count_nonzero(uncertain & wrong) / total) if total else 1.0
