"""One call for all metrics, and the table of what they say about empty masks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from samaritan.evaluate._base import METRICS, EmptyValue, Mask, Metric
from samaritan.evaluate._pair import NSD_TOLERANCE, MaskPair, Unit


def evaluate(
    *,
    pred: Mask,
    ref: Mask,
    spacing: tuple[float, float, float],
    unit: Unit = "mm",
    nsd_tolerance: float = NSD_TOLERANCE,
    metrics: Sequence[str] | None = None,
) -> dict[str, float]:
    """Compare a predicted with a reference mask.

    Args:
        pred: (i, j, k) mask; a 2D image is (i, j, 1). Not changed.
        ref: (i, j, k) mask on the same grid. Not changed.
        spacing: voxel size along i, j, k in mm; not used where ``unit`` is "px".
        unit: "mm", or "px" for images that know no spacing: every distance, "_mm" or not, then counts pixels.
        nsd_tolerance: of the surface Dice, in ``unit``.
        metrics: names in :data:`METRICS`; all when None.

    Returns:
        metric name -> value; NaN where the metric's policy for empty masks says "undefined".

    Raises:
        GeometryError: the masks differ in shape or are not (i, j, k), or the spacing is unusable.
        InputError: a mask is not bool, or unit or tolerance are not as above.
        UnknownNameError: a metric does not exist; the message holds the nearest names.
    """
    chosen = [METRICS.get(name) for name in (METRICS.names() if metrics is None else metrics)]
    pair = MaskPair.of(pred=pred, ref=ref, spacing=spacing, unit=unit, nsd_tolerance=nsd_tolerance)
    return {entry.name: _value(entry, pair) for entry in chosen}


def policy_table() -> list[dict[str, str]]:
    """One row per metric: name, title, unit, which direction is better, its answers to empty masks and its definition."""
    return [
        {
            "metric": entry.name,
            "title": entry.title,
            "unit": entry.unit,
            "better": "higher" if entry.higher_is_better else "lower",
            "both empty": _words(entry.empty.both),
            "prediction empty": _words(entry.empty.pred),
            "reference empty": _words(entry.empty.ref),
            "definition": entry.definition,
        }
        for entry in map(METRICS.get, METRICS.names())
    ]


def _value(entry: Metric, pair: MaskPair) -> float:
    if pair.n_pred and pair.n_ref:
        return entry.compute(pair)
    if pair.n_pred:
        return _number(entry.empty.ref, pair)
    return _number(entry.empty.pred if pair.n_ref else entry.empty.both, pair)


def _number(answer: EmptyValue, pair: MaskPair) -> float:
    if answer == "undefined":
        return math.nan
    return pair.diagonal if answer == "diagonal" else float(answer)


def _words(answer: EmptyValue) -> str:
    if isinstance(answer, str):
        return {"undefined": "undefined (left out, counted)", "diagonal": "image diagonal"}[answer]
    return f"{answer:g}"
