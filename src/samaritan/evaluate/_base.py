"""The contract of a metric, with its answer to empty masks written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Registry

Mask = NDArray[np.bool_]

#: A fixed value; "undefined" (NaN: left out of means, and counted); "diagonal" (of the image, the largest possible distance).
EmptyValue = float | Literal["undefined", "diagonal"]


@dataclass(frozen=True)
class EmptyPolicy:
    """What a metric says where a mask is empty, since projects differ (0, 1, NaN) and means move by points.

    Attributes:
        both: prediction and reference empty.
        pred: only the prediction empty (target missed).
        ref: only the reference empty (false positive).
    """

    both: EmptyValue
    pred: EmptyValue
    ref: EmptyValue


@dataclass(frozen=True)
class Metric:
    """A number that compares a predicted with a reference mask.

    Attributes:
        name: key in results, e.g. "hd95_mm".
        title: for tables, e.g. "HD95".
        unit: "", "mm" or "ml"; "mm" becomes pixels where the image knows no spacing.
        higher_is_better: direction.
        empty: what it says for empty masks.
        compute: ``compute(pair) -> float`` for two non-empty masks, where pair is :class:`samaritan.evaluate.MaskPair`
            (both masks cropped to their union, spacing, surface distances computed once and shared by all metrics).
        definition: one sentence with the source.
    """

    name: str
    title: str
    unit: str
    higher_is_better: bool
    empty: EmptyPolicy
    compute: Callable[..., float]
    definition: str


METRICS: Registry[Metric] = Registry("metric", "samaritan.evaluate")


def metric(
    name: str, *, title: str, higher_is_better: bool, empty: EmptyPolicy, definition: str, unit: str = ""
) -> Callable[[Callable[..., float]], Callable[..., float]]:
    """Decorator: enter the function below in :data:`METRICS`; the arguments are those of :class:`Metric`."""

    def enter(compute: Callable[..., float]) -> Callable[..., float]:
        METRICS.add(name, Metric(name, title, unit, higher_is_better, empty, compute, definition))
        return compute

    return enter
