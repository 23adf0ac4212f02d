"""Is one way of segmenting better than another? Paired on the same measurements, tested over patients."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import rankdata, wilcoxon

from samaritan.benchmark._patients import UNIT, Bootstrap, Floats, Patients, Unit, group_means, patient_means, unit
from samaritan.benchmark._row import Level, Row, system
from samaritan.benchmark.statistics import FEW_PATIENTS, direction, number
from samaritan.core import InputError, UsageError

#: Differences below are rounding, so they are ties (Wilcoxon's test ranks them, and sums in another order would break them).
_DECIMALS = 12


@dataclass(frozen=True)
class Comparison:
    """Arm a against arm b on what both measured.

    Attributes:
        a: name of the first arm.
        b: name of the second.
        metric: what is compared.
        n_patients: patients with at least one pair; the test and the interval are over these.
        n_pairs: measurements with a value in both arms.
        n_unpaired: measurements that only one arm has.
        n_undefined: measurements of both arms without a value in one of them (undefined or failed).
        mean_a: over the pairs.
        mean_b: over the pairs.
        difference: mean of a - b.
        low: lower end of the 95 % bootstrap interval of the difference; NaN with one patient.
        high: upper end.
        p: two-sided, Wilcoxon signed-rank test over patients' differences; patients without a difference are left out.
        p_holm: p after Holm's correction over the comparisons made together; p itself where it was the only one.
        rank_biserial: matched-pairs rank-biserial correlation (Kerby 2014): share of the rank sum in which a is higher, minus
            the share in which b is; from -1 to 1.
        cohens_dz: mean difference over the standard deviation of differences; NaN where there is none.
        n_different: patients whose values differ.
        best_is_high: direction of the metric.
        group: what the rows share, e.g. {"dataset": "polyps"}; {} overall.
    """

    a: str
    b: str
    metric: str
    n_patients: int
    n_pairs: int
    n_unpaired: int
    n_undefined: int
    mean_a: float
    mean_b: float
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    rank_biserial: float
    cohens_dz: float
    n_different: int
    best_is_high: bool
    group: dict[str, Any] = field(default_factory=dict)

    @property
    def better(self) -> str:
        """Name of the arm that is better after correction (p_holm < 0.05); "" when neither is shown to be."""
        if not self.p_holm < 0.05 or self.rank_biserial == 0:
            return ""
        return self.a if (self.rank_biserial > 0) == self.best_is_high else self.b

    @property
    def note(self) -> str:
        """What a reader must know before trusting the numbers; "" when there is nothing to say."""
        if self.n_pairs == 0:
            return "nothing in common"
        notes = []
        if (n := self.n_different) < FEW_PATIENTS:
            least = 2.0 ** min(0, 1 - n)
            patients = {0: "no patient differs", 1: "1 patient differs"}.get(n, f"{n} patients differ")
            notes.append(f"{patients}, so p cannot fall below {least:.3g}")
        notes += [f"{self.n_unpaired} without a partner"] if self.n_unpaired else []
        notes += [f"{self.n_undefined} without a value"] if self.n_undefined else []
        return ", ".join(notes)


def compare(
    rows_a: Sequence[Row],
    rows_b: Sequence[Row],
    metric: str,
    *,
    level: Level = "target",
    macro: Sequence[str] = (),
    seed: int = 0,
    resamples: int = 2000,
) -> Comparison:
    """Compare two arms on the same data.

    Values are paired on data set, patient, case, target, rater and object (means over repeats), and their differences are
    averaged up to patients, so that ten targets of a patient are not ten patients.

    Args:
        rows_a: of one model, adaptation and prompt.
        rows_b: of another.
        metric: a name in METRICS, or another number of a row.
        level: which rows count.
        macro: fields of a measurement whose values count equally in means and interval, as in
            :func:`samaritan.benchmark.statistics.summarise`; the test takes every patient once.
        seed: of the bootstrap.
        resamples: of the bootstrap.

    Raises:
        InputError: the two have no measurement in common.
        UsageError: rows of several arms on one side, or the metric or a field does not exist.
    """
    for rows in (rows_a, rows_b):
        if len(names := {arm_name(row) for row in rows}) > 1:
            raise UsageError(f"One side of a comparison is one arm; received {' and '.join(sorted(names))}.")
    a, b = (_Arm.of(arm_name(rows[0]) if rows else "no rows", rows, metric, level) for rows in (rows_a, rows_b))
    if not a.values.keys() & b.values.keys():
        raise InputError(f"There is nothing to pair: {a.name!r} and {b.name!r} have no case and target in common.")
    return _compare(a, b, metric, macro, Bootstrap(seed, resamples))


def compare_all(
    arms: Mapping[str, Sequence[Row]],
    metric: str,
    *,
    level: Level = "target",
    macro: Sequence[str] = (),
    seed: int = 0,
    resamples: int = 2000,
) -> list[Comparison]:
    """All pairs of named arms, with Holm's correction over them (Holm 1979); arguments as in :func:`compare`.

    A pair that has nothing in common is in the list and says so.

    Raises:
        InputError: no two arms have a measurement in common.
        UsageError: the metric or a field does not exist.
    """
    found = all_pairs(arms, metric, level=level, macro=macro, seed=seed, resamples=resamples)
    refuse_nothing(found, list(arms))
    return found


def all_pairs(
    arms: Mapping[str, Sequence[Row]],
    metric: str,
    *,
    level: Level = "target",
    macro: Sequence[str] = (),
    seed: int = 0,
    resamples: int = 2000,
) -> list[Comparison]:
    """As :func:`compare_all`, but nothing in common anywhere is no error."""
    sides = [_Arm.of(name, rows, metric, level) for name, rows in arms.items()]
    found = [_compare(a, b, metric, macro, Bootstrap(seed, resamples)) for a, b in combinations(sides, 2)]
    corrected = holm([one.p for one in found])
    return [replace(one, p_holm=p) for one, p in zip(found, corrected, strict=True)]


def refuse_nothing(found: Sequence[Comparison], names: Sequence[str]) -> None:
    """Raise InputError when no comparison has a measurement in common."""
    if not any(one.n_pairs or one.n_undefined for one in found):
        known = ", ".join(names) or "no rows"
        raise InputError(
            f"There is nothing to pair: it takes two arms with a case and target in common; found {known}."
        )


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down correction; NaN (no test was made) stays NaN and does not count."""
    order = sorted((n for n in range(len(p)) if not math.isnan(p[n])), key=lambda n: p[n])
    adjusted, largest = [math.nan] * len(p), 0.0
    for rank, n in enumerate(order):
        largest = max(largest, min(1.0, p[n] * (len(order) - rank)))
        adjusted[n] = largest
    return adjusted


def arm_name(row: Row) -> str:
    """The name of a row's arm: ``litemedsam, box``, ``litemedsam + lora, points:5 (oracle)``."""
    candidates = row["candidates"]
    chosen = "" if candidates == "single" or candidates in row["prompt"] else f" ({candidates})"
    return f"{system(row['model'], row['adaptation'])}, {row['prompt']}{chosen}"


@dataclass(frozen=True)
class _Arm:
    """Name, and measurement -> mean over repeats (None without a value)."""

    name: str
    values: dict[Unit, float | None]

    @classmethod
    def of(cls, name: str, rows: Sequence[Row], metric: str, level: Level) -> _Arm:
        direction(metric)
        values: dict[Unit, float | None] = {unit(row): None for row in rows if row["level"] == level}
        known = ((unit(r), v) for r in rows if r["level"] == level and (v := number(r, metric)) is not None)
        values.update(group_means(known, len(UNIT)))
        return cls(name, values)


def _compare(a: _Arm, b: _Arm, metric: str, macro: Sequence[str], bootstrap: Bootstrap) -> Comparison:
    shared = [one for one in a.values if one in b.values]
    pairs = {one: (va, vb) for one in shared if (va := a.values[one]) is not None and (vb := b.values[one]) is not None}
    differences = _patients({one: va - vb for one, (va, vb) in pairs.items()}, macro)
    per_patient = np.nanmean(differences.values, axis=1) if pairs else np.zeros(0)
    p, rank_biserial, n_different = signed_rank(per_patient)
    low, high = bootstrap.interval(differences, fixed_datasets="dataset" in macro)
    spread = float(per_patient.std(ddof=1)) if len(per_patient) > 1 else 0.0
    return Comparison(
        a=a.name,
        b=b.name,
        metric=metric,
        n_patients=len(differences.names),
        n_pairs=len(pairs),
        n_unpaired=len(a.values) + len(b.values) - 2 * len(shared),
        n_undefined=len(shared) - len(pairs),
        mean_a=_mean(_patients({one: va for one, (va, _) in pairs.items()}, macro)),
        mean_b=_mean(_patients({one: vb for one, (_, vb) in pairs.items()}, macro)),
        difference=_mean(differences),
        low=low,
        high=high,
        p=p,
        p_holm=p,
        rank_biserial=rank_biserial,
        cohens_dz=float(per_patient.mean()) / spread if spread > 10.0**-_DECIMALS else math.nan,
        n_different=n_different,
        best_is_high=direction(metric),
    )


def _patients(values: Mapping[Unit, float], macro: Sequence[str]) -> Patients:
    if unknown := [name for name in macro if name not in UNIT]:
        raise UsageError(f"A comparison cannot be balanced over {', '.join(unknown)}; allowed are {', '.join(UNIT)}.")
    strata: dict[Unit, dict[Unit, float]] = defaultdict(dict)
    for one, value in values.items():
        strata[tuple(one[UNIT.index(name)] for name in macro)][one] = value
    return Patients.of({name: patient_means(members.items()) for name, members in strata.items()})


def _mean(patients: Patients) -> float:
    return float(patients.mean()[0]) if patients.names else math.nan


def signed_rank(differences: Floats) -> tuple[float, float, int]:
    """p, rank-biserial correlation and the number of differences that are not zero; zeros are left out (Wilcoxon 1945)."""
    if not differences.size:
        return math.nan, math.nan, 0
    rounded = np.round(differences, _DECIMALS)
    rounded = rounded[rounded != 0]
    if not rounded.size:
        return 1.0, 0.0, 0
    ranks = rankdata(np.abs(rounded))
    balance = float((ranks * np.sign(rounded)).sum() / ranks.sum())
    return float(wilcoxon(rounded).pvalue), balance, int(rounded.size)
