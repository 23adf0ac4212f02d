"""Figures of docs/concepts/statistics.md: slices taken for patients, and Holm's correction.

Usage: python scripts/docs_figures/pseudo_replication.py   (a minute; seeded)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from _style import BLUE, GREY, ORANGE, panels, save
from numpy.typing import NDArray

from samaritan.benchmark._patients import Bootstrap, Patients
from samaritan.benchmark.compare import holm, signed_rank

#: Standard deviations of Dice: how hard patients are, how much a patient suits one model, and noise of a slice.
HARD, SUITS, NOISE = 0.10, 0.05, 0.04
TRIALS, PATIENTS = 400, 8
SLICES = (1, 2, 5, 10, 20, 40)
COUNTS = (2, 3, 4, 5, 6, 8, 12, 20, 40)
METHODS = (1, 2, 3, 5, 8, 13, 20)


def main() -> None:
    """All figures."""
    figure, (false, cover) = panels(2, 8.6, 3.4)
    false_positives(false)
    coverage(cover)
    save(figure, "statistics-slices.png")
    many()


def false_positives(axes: Any) -> None:
    """How often two equal models differ with p < 0.05, by the unit of the test."""
    rates: dict[str, list[float]] = {"slices": [], "patients": []}
    for slices in SLICES:
        rng = np.random.default_rng(slices)
        hits = {"slices": 0, "patients": 0}
        for _ in range(TRIALS):
            differences = _equal_models(rng, slices)
            hits["slices"] += signed_rank(differences.ravel())[0] < 0.05
            hits["patients"] += signed_rank(differences.mean(axis=1))[0] < 0.05
        for unit, found in hits.items():
            rates[unit].append(found / TRIALS)
    for (unit, found), colour in zip(rates.items(), (ORANGE, BLUE), strict=True):
        axes.plot(SLICES, found, "o-", color=colour)
        _label(axes, f"tested over {unit}", (SLICES[-1], found[-1]), (-4, 12), colour)
    axes.axhline(0.05, color=GREY, linestyle=":")
    axes.set(xlabel="slices of a patient", ylabel="share of p < 0.05", ylim=(0, 1))
    _logarithmic(axes, SLICES)
    axes.set_title(f"Two equal models, {PATIENTS} patients: false findings")
    print({unit: [round(rate, 3) for rate in found] for unit, found in rates.items()})


def _equal_models(rng: np.random.Generator, slices: int) -> NDArray[np.float64]:
    """(patient, slice) differences of two models that are equally good on patients in general; hardness cancels out."""
    suits = rng.normal(0, SUITS, (2, PATIENTS, 1))
    noise = rng.normal(0, NOISE, (2, PATIENTS, slices))
    return np.asarray((suits + noise)[0] - (suits + noise)[1])


def coverage(axes: Any) -> None:
    """How often a 95 % interval holds the truth, by number of patients and by unit."""
    shares: dict[str, list[float]] = {"patients": [], "slices": []}
    for count in COUNTS:
        rng = np.random.default_rng(count)
        held = {"patients": 0, "slices": 0}
        for _ in range(TRIALS):
            scores = rng.normal(0, HARD, (count, 1)) + rng.normal(0, NOISE, (count, 10))
            held["patients"] += _holds(scores.mean(axis=1))
            held["slices"] += _holds(scores.ravel())
        for unit, found in held.items():
            shares[unit].append(found / TRIALS)
    for (unit, found), colour, place in zip(shares.items(), (BLUE, ORANGE), (16, -16), strict=True):
        axes.plot(COUNTS, found, "o-", color=colour)
        _label(axes, f"{unit} drawn", (40, found[-1]), (0, place), colour)
    axes.axhline(0.95, color=GREY, linestyle=":")
    axes.axvline(6, color=GREY, linewidth=0.8)
    axes.annotate("marked below 6", (5.7, 0.1), color=GREY, ha="right")
    axes.set(xlabel="patients (10 slices each)", ylabel="share that holds the truth", ylim=(0, 1.02))
    _logarithmic(axes, COUNTS)
    axes.set_title("What a “95 %” interval holds")
    print({unit: [round(share, 3) for share in found] for unit, found in shares.items()})


def _holds(values: NDArray[np.float64]) -> bool:
    """Whether the interval of the mean holds 0, the truth; every value counts as a patient."""
    patients = Patients.of({None: {("simulated", n): float(value) for n, value in enumerate(values)}})
    low, high = Bootstrap(resamples=500).interval(patients)
    return low <= 0 <= high


def many() -> None:
    """The chance of at least one false finding among methods that do nothing."""
    rng = np.random.default_rng(0)
    shares: dict[str, list[float]] = {"as they are": [], "with Holm's correction": []}
    for methods in METHODS:
        p = [[signed_rank(rng.normal(0, 1, 12))[0] for _ in range(methods)] for _ in range(TRIALS)]
        shares["as they are"].append(np.mean([min(one) < 0.05 for one in p]))
        shares["with Holm's correction"].append(np.mean([min(holm(one)) < 0.05 for one in p]))
    figure, (axes,) = panels(1, 5.6, 3.2)
    for (words, found), colour in zip(shares.items(), (ORANGE, BLUE), strict=True):
        axes.plot(METHODS, found, "o-", color=colour)
        _label(axes, f"p {words}", (METHODS[-1], found[-1]), (-2, 6), colour)
    axes.axhline(0.05, color=GREY, linestyle=":")
    axes.set(xlabel="methods, none of which helps (12 patients)", ylabel="share with a false finding")
    axes.set(ylim=(0, 0.8), xticks=METHODS)
    axes.set_title("At least one of them “helps”")
    save(figure, "statistics-holm.png")
    print({words: [round(float(share), 3) for share in found] for words, found in shares.items()})


def _label(axes: Any, words: str, at: tuple[float, float], moved: tuple[float, float], colour: str) -> None:
    axes.annotate(words, at, moved, textcoords="offset points", color=colour, ha="right")


def _logarithmic(axes: Any, ticks: tuple[int, ...]) -> None:
    axes.set(xscale="log", xticks=ticks, xticklabels=ticks)
    axes.minorticks_off()


if __name__ == "__main__":
    main()
