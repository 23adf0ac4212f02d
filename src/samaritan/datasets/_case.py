"""From the files of a case to a Case: read when asked for, and checked then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path

import numpy as np

import samaritan.io as files
from samaritan.core import Geometry, InputError, LabelMap, Volume
from samaritan.datasets._base import REFERENCE, Case, Dataset
from samaritan.datasets._grid import onto_grid
from samaritan.datasets._info import DatasetInfo
from samaritan.datasets._listing import folder_name, some


def _read_volume(path: Path) -> Volume:
    return files.read_volume(path)


def _read_labels(path: Path) -> LabelMap:
    return files.read_labels(path)


@dataclass(frozen=True)
class Parts:
    """Where the parts of one case lie, as a layout found them; nothing is read yet.

    Attributes:
        case_id: unique in the data set.
        image: file, or folder of a DICOM series.
        references: rater -> file of the label map, the gold standard first.
        modality: canonical, where the layout knows it case by case.
        read_image: reads ``image``.
        read_labels: reads one of ``references``.
    """

    case_id: str
    image: Path
    references: Mapping[str, Path]
    modality: str | None = None
    read_image: Callable[[Path], Volume] = _read_volume
    read_labels: Callable[[Path], LabelMap] = _read_labels


class CaseReader:
    """Reads one case and refuses what does not fit together.

    Args:
        parts: the case's files.
        info: the data set's settings (spacing, labels, ignored values).
    """

    def __init__(self, parts: Parts, info: DatasetInfo) -> None:
        self._parts = parts
        self._info = info
        self._stamps = {path: stamp(path) for path in {parts.image, *parts.references.values()}}

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files, image first, each once."""
        return tuple(dict.fromkeys([self._parts.image, *self._parts.references.values()]))

    def image(self) -> Volume:
        """The image.

        Raises:
            InputError: the file cannot be used, or is not the file that was there when the data set was opened.
        """
        self._check_unchanged(self._parts.image)
        volume = self._parts.read_image(self._parts.image)
        volume = replace(volume, geometry=self._spaced(volume.geometry))
        self.__dict__["grid"] = volume.geometry
        return volume

    @cached_property
    def grid(self) -> Geometry:
        """The image's grid; the image is read for it only where nobody has read it before."""
        return self.image().geometry

    def labels(self, rater: str) -> LabelMap:
        """One rater's label map, on the image's grid.

        Raises:
            GeometryError: it lies on another grid.
            InputError: the file cannot be used, has changed, or holds a value that ``labels`` does not know.
        """
        path = self._parts.references[rater]
        self._check_unchanged(path)
        if files.needs_image(path):
            labels = files.read_labels(path, like=self.image())
        else:
            labels = onto_grid(self._parts.read_labels(path), self.grid, path, self._parts.image)
        labels = self._without_ignored(labels)
        self._check_known(labels, path)
        return replace(labels, names={**labels.names, **self._info.labels})

    def _spaced(self, geometry: Geometry) -> Geometry:
        spacing = self._info.spacing_mm
        if geometry.unit == "mm" or spacing is None:
            return geometry
        return Geometry.from_spacing(geometry.shape, spacing)

    def _without_ignored(self, labels: LabelMap) -> LabelMap:
        if not self._info.ignore:
            return labels
        kept = ~np.isin(labels.data, self._info.ignore)
        return replace(labels, data=np.where(kept, labels.data, 0).astype(labels.data.dtype))

    def _check_known(self, labels: LabelMap, path: Path) -> None:
        if not self._info.labels or self._info.instances:
            return
        if unknown := sorted(set(labels.labels()) - set(self._info.labels)):
            known = ", ".join(f"{value} {name}" for value, name in sorted(self._info.labels.items())[:8])
            raise InputError(
                f"{path} holds the value {', '.join(map(str, unknown[:8]))}, which is not among the labels of its data set "
                f"({known}{', ...' if len(self._info.labels) > 8 else ''}); name it under labels, or list it under ignore."
            )

    def _check_unchanged(self, path: Path) -> None:
        if stamp(path) != self._stamps[path]:
            raise InputError(f"{path} was changed or removed after the data set was opened; start again.")


def stamp(path: Path) -> tuple[object, ...]:
    """Something that changes when the file, or a file of the folder, is rewritten; empty when there is none."""
    try:
        if path.is_dir():
            return tuple((child.name, *stamp(child)) for child in sorted(path.iterdir()))
        status = path.stat()
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns


def make_dataset(
    folder: Path, layout: str, parts: Iterable[Parts], info: DatasetInfo, notes: Iterable[str] = ()
) -> Dataset:
    """Cases from their parts, in the order of their ids.

    Raises:
        InputError: there is no case, an id comes twice, or the patients do not fit the cases.
    """
    ordered = sorted(parts, key=lambda part: part.case_id)
    notes = tuple(notes)
    if not ordered:
        raise InputError(f"{folder} holds no case with both an image and a mask. {' '.join(notes)}".strip())
    ids = [part.case_id for part in ordered]
    if twice := [one for one, other in pairwise(ids) if one == other]:
        raise InputError(f"{folder} holds two cases of the name {twice[0]!r}; rename one.")
    if absent := info.absent(ids):
        notes += (f"The table of patients names {len(absent)} cases that are not there: {some(absent)}.",)
    notes += tuple(info.unknown_sources())
    name = info.name or folder_name(folder)
    cases = tuple(_make_case(name, part, info) for part in ordered)
    modalities = {case.modality for case in cases}
    modality = modalities.pop() if len(modalities) == 1 else None
    return Dataset(name, cases, layout, modality, info.licence, info.description, notes, info.canonical_sources)


def _make_case(dataset: str, parts: Parts, info: DatasetInfo) -> Case:
    reader = CaseReader(parts, info)
    return Case(
        dataset=dataset,
        case_id=parts.case_id,
        patient_id=info.patient(parts.case_id),
        modality=info.canonical_modality or parts.modality,
        sources=reader.sources,
        read_image=reader.image,
        read_references={rater: partial(reader.labels, rater) for rater in _gold_first(parts.references)},
        instances=info.instances,
        names=info.labels,
        intensity=info.intensity,
    )


def _gold_first(raters: Iterable[str]) -> list[str]:
    return sorted(raters, key=lambda rater: (rater != REFERENCE, rater))
