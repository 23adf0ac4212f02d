"""From rows to one number per patient, and from patients to an interval: what every table and test rests on.

Slices, objects, targets and repeats of one patient are not independent; patients are. So everything below a patient is
averaged level by level, each level with equal weights, and only patients are resampled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.benchmark._row import Row

#: The levels of one measurement from the outside in; repeats (and whatever else differs) lie below the last.
UNIT = ("dataset", "patient_id", "case_id", "target", "rater", "instance")

Unit = tuple[Hashable, ...]

#: (data set, patient): the same id in two data sets is two people.
Patient = tuple[Hashable, ...]

Floats = NDArray[np.float64]


def unit(row: Row) -> Unit:
    """The measurement a row belongs to, whoever made the prediction."""
    return tuple(row[name] for name in UNIT)  # type: ignore[literal-required]


def group_means(measurements: Iterable[tuple[Unit, float]], depth: int) -> dict[Unit, float]:
    """The mean of the values that share the first ``depth`` levels of their unit, in order of appearance."""
    groups: dict[Unit, list[float]] = defaultdict(list)
    for name, value in measurements:
        groups[name[:depth]].append(value)
    return {name: sum(values) / len(values) for name, values in groups.items()}


def patient_means(measurements: Iterable[tuple[Unit, float]]) -> dict[Patient, float]:
    """The mean per patient: over repeats, then objects of an image, raters, targets and cases, one level after another."""
    means = group_means(measurements, len(UNIT))
    for depth in range(len(UNIT) - 1, 1, -1):
        means = group_means(means.items(), depth)
    return means


@dataclass(frozen=True)
class Patients:
    """The value of each patient in each stratum.

    Attributes:
        names: one per patient.
        values: (patient, stratum), NaN where the patient has nothing in the stratum; without macro averaging one stratum.
    """

    names: tuple[Patient, ...]
    values: Floats

    @classmethod
    def of(cls, strata: Mapping[Any, Mapping[Patient, float]]) -> Patients:
        """From stratum -> patient -> value."""
        names = tuple(dict.fromkeys(patient for stratum in strata.values() for patient in stratum))
        columns = [[stratum.get(patient, np.nan) for patient in names] for stratum in strata.values()]
        return cls(names, np.array(columns, dtype=np.float64).reshape(len(columns), len(names)).T)

    def mean(self, weights: Floats | None = None) -> Floats:
        """The mean of the strata's means, under each row of ``weights`` (resample, patient); (1,) for weights of 1."""
        weights = np.ones((1, len(self.names))) if weights is None else weights
        present = np.isfinite(self.values)
        total, count = weights @ np.where(present, self.values, 0), weights @ present.astype(np.float64)
        used = count > 0  # a resample may leave a stratum empty
        means = np.divide(total, count, out=np.zeros_like(total), where=used)
        return np.asarray(means.sum(axis=1) / used.sum(axis=1))


@dataclass(frozen=True)
class Bootstrap:
    """Percentile bootstrap over patients (Efron and Tibshirani 1993, ch. 13).

    Attributes:
        seed: every interval starts from it anew, so no interval depends on which others were asked for.
        resamples: how many.
        confidence: of the interval.
    """

    seed: int = 0
    resamples: int = 2000
    confidence: float = 0.95

    def interval(self, patients: Patients, *, fixed_datasets: bool = False) -> tuple[float, float]:
        """Low and high end of the interval of the mean; (NaN, NaN) with a single patient.

        Args:
            patients: with at least one value each.
            fixed_datasets: draw patients within their data set, for a mean over data sets; a data set of one patient
                then has no interval, and so neither has the mean.
        """
        pools: dict[Hashable, list[int]] = defaultdict(list)
        for place, patient in enumerate(patients.names):
            pools[patient[0] if fixed_datasets else None].append(place)
        if not pools or min(map(len, pools.values())) < 2:
            return np.nan, np.nan
        rng = np.random.default_rng(self.seed)
        # Blocks bound the memory where a data set has tens of thousands of patients.
        block = max(1, 4_000_000 // len(patients.names))
        sizes = [min(block, self.resamples - start) for start in range(0, self.resamples, block)]
        means = [patients.mean(_draw(list(pools.values()), size, rng)) for size in sizes]
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(np.concatenate(means), (tail, 1 - tail))
        return float(low), float(high)


def _draw(pools: list[list[int]], resamples: int, rng: np.random.Generator) -> Floats:
    """(resample, patient): how often each patient is drawn, with replacement, within its pool."""
    weights = np.zeros((resamples, sum(map(len, pools))))
    for pool in pools:
        n = len(pool)
        drawn = rng.integers(0, n, (resamples, n)) + np.arange(resamples)[:, None] * n
        weights[:, pool] = np.bincount(drawn.ravel(), minlength=resamples * n).reshape(resamples, n)
    return weights
