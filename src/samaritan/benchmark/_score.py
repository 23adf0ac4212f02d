"""From masks on slices to the scores of a target in space."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from samaritan.benchmark._masks import PackedMask, stack
from samaritan.benchmark._row import metrics_measured
from samaritan.core import SliceView
from samaritan.evaluate import METRICS, evaluate

Masks = Mapping[int, PackedMask]


def score(
    *,
    pred: Masks,
    ref: Masks,
    view: SliceView,
    by_slice: bool = False,
    nsd_tolerance: float,
    metrics: Sequence[str] | None = None,
) -> dict[str, float | None]:
    """The scores of one target, None where undefined.

    Args:
        pred: slice -> predicted mask.
        ref: slice -> reference mask.
        view: plane and grid of the slices.
        by_slice: True when the reference may have slices beside those in ``ref``: overlap is then taken over these slices
            together, and a distance is the mean of the distances within each, since a stack with gaps has surfaces that
            the object has not.
        nsd_tolerance: in mm, or pixels where the image knows no spacing.
        metrics: which ones; all where nobody says, and always with ``by_slice``.
    """
    metrics = metrics_measured() if metrics is None else metrics
    result = _evaluate(pred, ref, view, nsd_tolerance, metrics)
    if by_slice:
        flat = [
            _evaluate({k: pred[k]} if k in pred else {}, {k: ref[k]}, view, nsd_tolerance, metrics, flat=True)
            for k in ref
        ]
        result |= {name: _mean([one[name] for one in flat]) for name in metrics if _is_distance(name)}
    return {name: value if math.isfinite(value) else None for name, value in result.items()}


def _is_distance(metric: str) -> bool:
    """Whether it needs neighbours across slices, and so a stack without gaps."""
    return metric == "nsd" or METRICS.get(metric).unit == "mm"


def _evaluate(
    pred: Masks, ref: Masks, view: SliceView, nsd_tolerance: float, metrics: Sequence[str], *, flat: bool = False
) -> dict[str, float]:
    low, high = _bounds([*pred.items(), *ref.items()], view)
    if not any(mask.area for mask in pred.values()):  # a missed target costs the diagonal of the whole image
        low, high = np.zeros(3, int), np.array([*view.shape, view.count])
    if flat:
        low[2], high[2] = min(ref), min(ref) + 1
    found = evaluate(
        pred=stack(pred, low, high),
        ref=stack(ref, low, high),
        spacing=view.spacing,
        unit=view.geometry.unit,
        nsd_tolerance=nsd_tolerance,
        metrics=metrics,
    )
    return {name: float(found[name]) for name in metrics}


def _bounds(masks: Sequence[tuple[int, PackedMask]], view: SliceView) -> tuple[np.ndarray, np.ndarray]:
    """The bounding box (x, y, slice) of what is drawn and one voxel around it, within the image.

    The margin keeps a flat object of a volume a volume: the metrics see from the shape which axes an image has.
    """
    corners = [(*mask.corner, k) for k, mask in masks if mask.area]
    ends = [(*mask.end, k + 1) for k, mask in masks if mask.area]
    if not corners:
        return np.zeros(3, int), np.array([*view.shape, view.count])
    low = np.maximum(np.min(corners, axis=0) - 1, 0)
    return low, np.minimum(np.max(ends, axis=0) + 1, [*view.shape, view.count])


def _mean(values: Sequence[float]) -> float:
    defined = [value for value in values if math.isfinite(value)]
    return float(np.mean(defined)) if defined else math.nan
