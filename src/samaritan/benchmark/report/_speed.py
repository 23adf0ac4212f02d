"""How long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from samaritan.benchmark._folder import Unit, unit_of
from samaritan.benchmark._row import Row
from samaritan.benchmark.report._arms import Arm, Arms
from samaritan.benchmark.report._tables import group


@dataclass(frozen=True)
class Pace:
    """Times of one arm: median and 90th percentile over rows, in seconds.

    Attributes:
        arm: what was run.
        rows: that ended well.
        row: decoding and scoring of a row.
        row_slow: the same, 90th percentile.
        slice: per prompted slice.
        acts: of a person per prompted slice, mean over rows.
    """

    arm: Arm
    rows: int
    row: float
    row_slow: float
    slice: float
    acts: float


@dataclass(frozen=True)
class Encoding:
    """Encoding of pictures by one model.

    Attributes:
        system: the model.
        cases: that were encoded.
        slice: seconds per slice, median over cases.
        slow: the same, 90th percentile.
        total: seconds over all cases.
    """

    system: str
    cases: int
    slice: float
    slow: float
    total: float


@dataclass(frozen=True)
class Speed:
    """All times of a run."""

    encodings: tuple[Encoding, ...]
    paces: tuple[Pace, ...]


def measure_speed(rows: Sequence[Row], arms: Arms, encode_calls: Mapping[Unit, int]) -> Speed:
    """Summarise the rows that ended well; objects of an instance-labelled image are part of their target's row.

    Prompts about volumes have no time per slice: see :mod:`samaritan.benchmark.report._volumes`.
    """
    whole = [row for row in rows if row["status"] == "ok" and row["level"] == "target"]
    of_arm = group([row for row in whole if row.get("propagation") is None], Arm.of)
    paces = tuple(_pace(arm, of_arm[arm]) for arm in arms.all if arm in of_arm)
    encodings = tuple(
        _encoding(name, members, encode_calls) for name, members in group(whole, lambda row: Arm.of(row).system).items()
    )
    return Speed(encodings, paces)


def _pace(arm: Arm, rows: Sequence[Row]) -> Pace:
    spent = np.array([row["seconds"] for row in rows])
    slices = np.array([max(row["slices"], 1) for row in rows])
    acts = np.array([row["interactions"] for row in rows]) / slices
    slow = float(np.percentile(spent, 90))
    return Pace(arm, len(rows), float(np.median(spent)), slow, float(np.median(spent / slices)), float(acts.mean()))


def _encoding(system: str, rows: Sequence[Row], calls: Mapping[Unit, int]) -> Encoding:
    seconds = {unit_of(row): row["encode_seconds"] for row in rows}
    total = np.array(list(seconds.values()))
    each = total / np.array([max(calls.get(case, 1), 1) for case in seconds])
    return Encoding(system, len(total), float(np.median(each)), float(np.percentile(each, 90)), float(total.sum()))
