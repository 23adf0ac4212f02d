"""Metrics that count voxels: Dice, IoU, volume difference."""

from __future__ import annotations

from samaritan.evaluate._base import EmptyPolicy, metric
from samaritan.evaluate._pair import MaskPair

_NOTHING_THERE_AND_NOTHING_FOUND = EmptyPolicy(both=1.0, pred=0.0, ref=0.0)


@metric(
    "dice",
    title="Dice",
    higher_is_better=True,
    empty=_NOTHING_THERE_AND_NOTHING_FOUND,
    definition="2 |P and R| / (|P| + |R|) over voxels (Dice 1945).",
)
def dice(pair: MaskPair) -> float:
    """Dice coefficient, 0 to 1."""
    return 2 * pair.n_both / (pair.n_pred + pair.n_ref)


@metric(
    "iou",
    title="IoU",
    higher_is_better=True,
    empty=_NOTHING_THERE_AND_NOTHING_FOUND,
    definition="|P and R| / |P or R| over voxels (Jaccard 1912).",
)
def iou(pair: MaskPair) -> float:
    """Intersection over union, 0 to 1; equals dice / (2 - dice)."""
    return pair.n_both / (pair.n_pred + pair.n_ref - pair.n_both)


@metric(
    "volume_difference",
    title="AVD",
    higher_is_better=False,
    empty=EmptyPolicy(both=0.0, pred=1.0, ref="undefined"),
    definition=(
        "Absolute relative volume difference | |P| - |R| | / |R| (MetricsReloaded AVDR); absolute, so that too much in one "
        "case does not hide too little in another."
    ),
)
def volume_difference(pair: MaskPair) -> float:
    """Absolute volume difference as a fraction of the reference, 0 and up."""
    return abs(pair.n_pred - pair.n_ref) / pair.n_ref
