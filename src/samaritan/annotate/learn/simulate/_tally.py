"""From rows to numbers: interactions for each case, and paired differences between conditions, with intervals over patients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samaritan.benchmark._patients import Bootstrap, Patients

Rows = Sequence[Mapping[str, Any]]

#: Seconds that a person is taken to need; nobody was timed. See the report's words.
BOX_SECONDS, CLICK_SECONDS, LOOK_SECONDS = 5.0, 2.5, 2.0

#: As tables have it, and what stands where there is no number.
MINUS, NOTHING = "\N{MINUS SIGN}", "\N{EN DASH}"


@dataclass(frozen=True)
class Interval:
    """A mean over patients with its 95 % bootstrap interval.

    Attributes:
        mean: over patients.
        low: NaN with one patient.
        high: likewise.
    """

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Mapping[str, float]) -> Interval:
        """Of one value for each patient."""
        patients = Patients.of({None: {(name,): value for name, value in values.items()}})
        low, high = Bootstrap().interval(patients)
        return cls(float(patients.mean()[0]), low, high)

    def text(self, *, signed: bool = False) -> str:
        """For a table."""
        form = "+.2f" if signed else ".2f"
        ends = f"{self.low:{form}}, {self.high:{form}}" if np.isfinite(self.low) else "one patient"
        return f"{self.mean:{form}} [{ends}]".replace("-", MINUS)


def per_case(rows: Rows, value: str = "interactions") -> dict[str, float]:
    """Case -> the sum of a value over its objects."""
    found: dict[str, float] = defaultdict(float)
    for row in rows:
        found[row["case"]] += row[value]
    return dict(found)


def per_patient(rows: Rows, cases: Mapping[str, float]) -> dict[str, float]:
    """Patient -> the mean of a value over its cases."""
    patient = {row["case"]: row["patient"] for row in rows}
    found: dict[str, list[float]] = defaultdict(list)
    for case, value in cases.items():
        found[patient[case]].append(value)
    return {name: float(np.mean(values)) for name, values in found.items()}


def saved(before: Rows, after: Rows) -> Interval:
    """Interactions for a case that the second condition needs fewer than the first: the same cases, paired."""
    one, other = per_patient(before, per_case(before)), per_patient(after, per_case(after))
    return Interval.of({name: one[name] - other[name] for name in one})


def interactions(rows: Rows) -> Interval:
    """For a case."""
    return Interval.of(per_patient(rows, per_case(rows)))


def in_order(rows: Rows) -> list[float]:
    """Interactions for each case, in the order in which they were labelled."""
    places = {row["case"]: row["position"] for row in rows}
    cases = per_case(rows)
    return [cases[case] for case in sorted(cases, key=places.__getitem__)]


def person_seconds(rows: Rows, first: str) -> float:
    """Of a person for a case, by the guesses :data:`BOX_SECONDS`, :data:`CLICK_SECONDS` and :data:`LOOK_SECONDS`."""
    start = BOX_SECONDS if first == "box" else CLICK_SECONDS
    total = 0.0
    for row in rows:
        drawn = bool(row["interactions"]) and not row["corrected"]
        clicks = row["interactions"] - drawn
        total += LOOK_SECONDS + drawn * start + clicks * CLICK_SECONDS
    return total / max(len({row["case"] for row in rows}), 1)


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's; NaN where one of them does not vary."""
    from scipy.stats import spearmanr  # noqa: PLC0415

    if len(one) < 3 or len(set(one)) < 2 or len(set(other)) < 2:
        return float("nan")
    return float(spearmanr(one, other).statistic)
