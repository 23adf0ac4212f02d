"""From accepted cases to what a proposer is fitted to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.learn.proposer import Shown, cells_of, features_of
from samaritan.core import ModelError
from samaritan.datasets import Case
from samaritan.models._base import Segmenter
from samaritan.models._sam import SamSegmenter
from samaritan.predict.cache import EmbeddingCache
from samaritan.predict.volume import VolumePredictor

#: Slices of a volume that are looked at: so many that show something, and as many that show nothing.
SLICES = 8

Mask = NDArray[np.bool_]


def look_at(
    segmenter: Segmenter,
    cases: Sequence[Case],
    labels: Sequence[str],
    *,
    intensity: str | None = None,
    cache: EmbeddingCache | None = None,
    each: Callable[[], None] = lambda: None,
) -> dict[str, list[Shown]]:
    """Case -> what a proposer can learn from its masks (:meth:`Proposer.fit`).

    Args:
        segmenter: whose embeddings the proposer will see.
        cases: accepted ones.
        labels: what it learns.
        intensity: policy for all images; that of each case otherwise.
        cache: where embeddings are kept.
        each: is called after each case, which may take a minute.

    Raises:
        InputError: a case cannot be read.
        ModelError: the model is not of the SAM family.
    """
    if not isinstance(segmenter, SamSegmenter):
        raise ModelError(f"{segmenter.name} is not of the SAM family, so nothing can be learned from its embeddings.")
    found: dict[str, list[Shown]] = {}
    for case in cases:
        predictor = VolumePredictor(
            segmenter, case.read_image(), modality=case.modality, intensity=intensity or case.intensity, cache=cache
        )
        found[case.case_id] = _shown(predictor, segmenter, dict(targets(case)), labels, case.patient_id)
        each()
    return found


def targets(case: Case) -> list[tuple[str, Mask]]:
    """Name and (i, j, k) bool mask of each target of a case, by its first rater; objects of one kind are one target."""
    labels = next(iter(case.read_references.values()))()
    if case.instances:
        return [(case.names.get(1, "object"), labels.data > 0)]
    return [(case.names.get(value) or labels.name(value), labels.data == value) for value in labels.labels()]


def _shown(
    predictor: VolumePredictor, segmenter: SamSegmenter, masks: Mapping[str, Mask], labels: Sequence[str], group: str
) -> list[Shown]:
    view = predictor.view
    nothing = np.zeros(view.geometry.shape, bool)
    found = []
    for index in _slices(predictor, list(masks.values())):
        features = features_of(predictor.embedding(index).features["image"])
        pictures = [view.slice(masks.get(label, nothing), index) for label in labels]
        inside, weight = cells_of(pictures, segmenter.frame, view.shape, len(features))
        found.append(Shown(group, features, inside, weight))
    return found


def _slices(predictor: VolumePredictor, masks: Sequence[Mask]) -> list[int]:
    """Evenly spaced among those that show something, and among those that do not."""
    view = predictor.view
    full = [k for k in range(view.count) if any(view.slice(mask, k).any() for mask in masks)]
    empty = sorted(set(range(view.count)) - set(full))
    return sorted([*spaced(full), *spaced(empty)])


def spaced(indices: Sequence[int], most: int = SLICES) -> list[int]:
    """At most so many of them, evenly spaced."""
    count = min(most, len(indices))
    return [indices[int((n + 0.5) * len(indices) / count)] for n in range(count)]
