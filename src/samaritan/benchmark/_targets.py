"""What has to be found in a case: for each rater, every label (or object) and the slices it lies on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._masks import Mask, PackedMask
from samaritan.benchmark._seeds import generator
from samaritan.core import GeometryError, InputError, LabelMap, SliceView, Volume
from samaritan.datasets._base import REFERENCE, Case
from samaritan.prompts import spread

#: What the objects of an instance-labelled case are called where the data set does not say.
OBJECT = "object"


@dataclass(frozen=True, eq=False)
class Target:
    """One label, or one object of an instance-labelled case, as one rater drew it.

    Attributes:
        name: of the label, or of the kind of object.
        label: its integer; 1 for objects.
        instance: the object's own integer, else None.
        rater: who drew it.
        areas: slice -> its mask there, on every slice that is scored.
        prompted: the slices on which the model is asked, ascending.
        by_slice: True when distances are measured within slices, because a run takes only some slices of its targets. So are
            those of targets with few slices, which lose none: a mean over both must be of one kind of distance.
        sampled: True when slices, or objects of a union, were left out.
        siblings: number of objects of this kind in the image, of which some may not be in the sample.
    """

    name: str
    label: int
    instance: int | None
    rater: str
    areas: dict[int, PackedMask]
    prompted: tuple[int, ...]
    by_slice: bool
    sampled: bool
    siblings: int = 1

    @property
    def voxels(self) -> int:
        """Size of the reference, in voxels."""
        return sum(area.area for area in self.areas.values())

    @property
    def promptable(self) -> dict[int, PackedMask]:
        """Slice -> mask, of the slices on which something may be asked."""
        return {k: self.areas[k] for k in self.prompted}


def targets_of(case: Case, volume: Volume, view: SliceView, config: RunConfig) -> list[Target]:
    """All targets of the case in a stable order: rater by rater, label by label; an absent label is no target.

    Raises:
        InputError: no reference holds any label.
        GeometryError: a reference lies on another grid than the image.
    """
    found: list[Target] = []
    for rater in _raters(case, config):
        labels = case.read_references[rater]()
        if fault := labels.geometry.mismatch(volume.geometry):
            raise GeometryError(
                f"The labels of case {case.case_id} ({rater}) do not lie on the image's grid: {fault}; resample them first."
            )
        found += _rater_targets(case, rater, labels, view, config)
    if not found:
        raise InputError(
            f"The reference of case {case.case_id} holds no labels, so there is nothing to prompt; check the mask or leave "
            "the case out."
        )
    return found


def _raters(case: Case, config: RunConfig) -> list[str]:
    names = list(case.read_references)
    if config.raters == "all" or len(names) < 2:
        return names
    return [REFERENCE] if REFERENCE in names else names[:1]


def _rater_targets(case: Case, rater: str, labels: LabelMap, view: SliceView, config: RunConfig) -> Iterator[Target]:
    present = _areas(labels, view)
    values = sorted(present)
    siblings, by_slice = len(values), config.max_slices is not None and view.count > 1
    if case.instances and config.max_instances is not None and len(values) > config.max_instances:
        rng = generator(config.seed, "instances", case.dataset, case.case_id, rater)
        values = sorted(rng.choice(values, config.max_instances, replace=False).tolist())
    for value in values:
        areas, sampled = _sample(present[value], config.max_slices)
        prompted = tuple(k for k in areas if areas[k].area >= config.min_pixels)
        if case.instances:
            yield Target(case.names.get(1, OBJECT), 1, value, rater, areas, prompted, by_slice, sampled, siblings)
        else:
            name = case.names.get(value) or labels.name(value)
            yield Target(name, value, None, rater, areas, prompted, by_slice, sampled)


def _areas(labels: LabelMap, view: SliceView) -> dict[int, dict[int, PackedMask]]:
    """Label value -> slice -> mask, of what is there."""
    found: dict[int, dict[int, PackedMask]] = {}
    for k in range(view.count):
        picture = view.slice(labels.data, k)
        for value in _values(picture):
            mask: Mask = picture == value
            found.setdefault(value, {})[k] = PackedMask.of(mask)
    return found


def _values(picture: NDArray[np.unsignedinteger]) -> list[int]:
    """The non-zero values of a picture, ascending; counting is much faster than sorting where values are small."""
    flat = np.ascontiguousarray(picture).ravel()
    small = flat.max() < 1 << 20
    present = np.flatnonzero(np.bincount(flat.astype(np.int64))) if small else np.unique(flat)
    return [int(value) for value in present if value]


def _sample(areas: dict[int, PackedMask], limit: int | None) -> tuple[dict[int, PackedMask], bool]:
    """At most ``limit`` slices, evenly spaced among the labelled ones (the middles of equal parts)."""
    slices = sorted(areas)
    chosen = slices if limit is None else spread(slices, limit)
    return {k: areas[k] for k in chosen}, len(chosen) < len(slices)
