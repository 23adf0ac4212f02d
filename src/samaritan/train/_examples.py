"""From cases to what a network is trained on: pictures no larger than it sees, and soft masks of their targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import GeometryError, InputError, LabelMap, SliceView
from samaritan.datasets._base import REFERENCE, Case
from samaritan.models._frame import Frame
from samaritan.models._sam import SamSegmenter
from samaritan.predict.volume import VolumePredictor
from samaritan.train._config import TrainConfig

#: What objects of an instance-labelled picture are called where the data set does not say.
OBJECT = "object"

#: A target that covers less of a picture, in pixels as the network sees it, is not asked for.
MIN_PIXELS = 4.0


@dataclass(frozen=True, eq=False)
class Target:
    """One target on one picture.

    Attributes:
        name: of the label, or of the kind of object.
        masks: rater -> (x, y) float32 in 0..1, the share of each pixel that belongs to the target; the gold standard first.
    """

    name: str
    masks: dict[str, NDArray[np.float32]]

    @property
    def mask(self) -> NDArray[np.float32]:
        """The gold standard, or the mean of the raters where there is none."""
        if REFERENCE in self.masks:
            return self.masks[REFERENCE]
        return np.mean(list(self.masks.values()), axis=0, dtype=np.float32)  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False)
class Example:
    """One picture with its targets.

    Attributes:
        key: data set, case and slice.
        patient: whose it is.
        modality: canonical, or None.
        pictures: (slice, x, y, 3) float16 in 0..255, no side longer than the network's square; one, or for depth-aware methods
            the slices that are encoded together.
        place: which of the pictures is asked about.
        targets: what is on it.
    """

    key: str
    patient: str
    modality: str | None
    pictures: NDArray[np.float16]
    targets: tuple[Target, ...]
    place: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """Size (x, y)."""
        return self.pictures.shape[1], self.pictures.shape[2]


def examples_of(
    cases: Sequence[Case], segmenter: SamSegmenter, config: TrainConfig, *, depth: int = 1
) -> list[Example]:
    """All examples of the cases, in order.

    Args:
        cases: of one part of the data.
        segmenter: the model; says how large pictures are.
        config: the run's settings.
        depth: slices that are encoded together.

    Raises:
        InputError: no case holds a target, or a case cannot be read.
    """
    found = [example for case in cases for example in _case_examples(case, segmenter, config, depth)]
    if cases and not found:
        raise InputError(
            f"The masks of {len(cases)} cases ({cases[0].dataset}) hold no target large enough to train on; check them."
        )
    return found


def label_names(cases: Sequence[Case], examples: Sequence[Example]) -> tuple[str, ...]:
    """Names of the targets in a stable order: as the data sets number them, then by name."""
    order = {name: value for case in cases for value, name in case.names.items()}
    present = {target.name for example in examples for target in example.targets}
    return tuple(sorted(present, key=lambda name: (order.get(name, len(order) + 1), name)))


def _case_examples(case: Case, segmenter: SamSegmenter, config: TrainConfig, depth: int) -> Iterator[Example]:
    volume = case.read_image()
    predictor = VolumePredictor(
        segmenter, volume, plane=config.plane, modality=case.modality, intensity=config.intensity or case.intensity
    )
    raters = {name: read() for name, read in case.read_references.items()}
    for name, labels in raters.items():
        if fault := labels.geometry.mismatch(volume.geometry):
            raise GeometryError(f"The labels of case {case.case_id} ({name}) do not lie on the image's grid: {fault}.")
    view, frame = predictor.view, segmenter.frame
    for index in _slices(raters, view, config.max_slices):
        pictures = {name: view.slice(labels.data, index) for name, labels in raters.items()}
        targets = tuple(_targets(case, raters, pictures, frame, config))
        if targets:
            stack = stack_of(index, min(depth, view.count), view.count)
            seen = np.stack([frame.shrink(predictor.picture(k)) for k in stack]).astype(np.float16)
            key = f"{case.dataset}/{case.case_id}/{index}"
            yield Example(key, case.patient_id, case.modality, seen, targets, place=index - stack[0])


def stack_of(index: int, depth: int, count: int) -> range:
    """The slices that are encoded together with slice ``index``, of ``count``: as :class:`VolumePredictor` takes them."""
    last = min(index - index % depth + depth, count)
    return range(last - depth, last)


def _slices(raters: dict[str, LabelMap], view: SliceView, limit: int) -> list[int]:
    """Labelled slices, evenly spaced where there are more than ``limit``."""
    labelled = [k for k in range(view.count) if any(view.slice(labels.data, k).any() for labels in raters.values())]
    if len(labelled) <= limit:
        return labelled
    return [labelled[int((n + 0.5) * len(labelled) / limit)] for n in range(limit)]


def _targets(
    case: Case, raters: dict[str, LabelMap], pictures: dict[str, Any], frame: Frame, config: TrainConfig
) -> Iterator[Target]:
    """Targets on one slice, of which ``pictures`` holds each rater's labels (x, y)."""
    values = sorted({int(v) for picture in pictures.values() for v in np.unique(picture)} - {0})
    if case.instances and len(values) > config.max_instances:
        rng = np.random.default_rng(config.seed)
        values = sorted(rng.choice(values, config.max_instances, replace=False).tolist())
    first = next(iter(raters.values()))
    for value in values:
        name = case.names.get(1, OBJECT) if case.instances else case.names.get(value) or first.name(value)
        masks = {rater: frame.shrink((picture == value).astype(np.float32)) for rater, picture in pictures.items()}
        target = Target(name, masks)
        if target.mask.sum() >= MIN_PIXELS:
            yield target
