"""The cases of a simulation: pictures with what an annotator should find on them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import ImageRef
from samaritan.core import InputError, LabelMap, SliceView, Volume
from samaritan.datasets import Case, Dataset
from samaritan.io import write_labels

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Subject:
    """A case in memory.

    Attributes:
        case: where it comes from.
        volume: the picture, as a volume of one slice.
        view: of it.
        targets: label -> (x, y) bool, what should come out; those that are on the picture.
    """

    case: Case
    volume: Volume
    view: SliceView
    targets: Mapping[str, Mask]

    @property
    def ref(self) -> ImageRef:
        """As the page's server names it."""
        case = self.case
        return ImageRef(case.case_id, case.sources[0], modality=case.modality, intensity=case.intensity)


def subjects_of(dataset: Dataset, limit: int | None, say: Callable[[str], None]) -> list[Subject]:
    """The cases in the order of their names; those without any target are left out, and those that cannot be read, with a word.

    Raises:
        InputError: there are volumes, objects without names of their own, or images that are no files.
    """
    found = []
    for case in dataset.cases[:limit]:
        if not case.sources:
            raise InputError(f"{dataset.name} is made by code; the simulated annotator needs images in files.")
        if case.instances:
            raise InputError(
                f"{dataset.name} has many objects of one kind on a picture; the simulated annotator works on labels that "
                "occur once."
            )
        try:
            volume = case.read_image()
            labels = next(iter(case.read_references.values()))()
        except InputError as error:
            say(f"{case.case_id} is left out: {error}")
            continue
        view = SliceView.of(volume.geometry)
        if view.count > 1:
            raise InputError(f"{dataset.name} holds volumes; the simulated annotator works on pictures.")
        picture = view.slice(labels.data, 0)
        names = {value: case.names.get(value) or labels.name(value) for value in labels.labels()}
        if names:
            found.append(Subject(case, volume, view, {name: picture == value for value, name in names.items()}))
    if not found:
        raise InputError(f"{dataset.name} holds no picture with a target.")
    return found


class Accepted:
    """What was accepted so far, as the data set that the annotator exports.

    Args:
        folder: of the data set; emptied.
        subjects: all cases, whose labels get the numbers of the data set.
    """

    def __init__(self, folder: Path, subjects: Sequence[Subject]) -> None:
        self.folder = folder
        self.cases: list[str] = []
        names = dict.fromkeys(name for subject in subjects for name in subject.targets)
        self._values = {name: value for value, name in enumerate(names, start=1)}
        shutil.rmtree(folder, ignore_errors=True)
        for part in ("images", "masks"):
            (folder / part).mkdir(parents=True)
        first = subjects[0].case
        content = {
            "name": first.dataset, "modality": first.modality, "intensity": first.intensity,
            "labels": {value: name for name, value in self._values.items()},
            "patients": {s.case.case_id: s.case.patient_id for s in subjects},
        }  # fmt: skip
        text = yaml.safe_dump({key: value for key, value in content.items() if value is not None}, sort_keys=False)
        (folder / "dataset.yaml").write_text(text, encoding="utf-8")

    def add(self, subject: Subject, masks: Mapping[str, Mask]) -> None:
        """Keep a case with its accepted (x, y) masks; of two that overlap the first keeps its pixels, as on the page."""
        source = subject.case.sources[0]
        self.cases.append(subject.case.case_id)
        shutil.copyfile(source, self.folder / "images" / source.name)
        data = np.zeros(subject.volume.geometry.shape, np.uint8)
        picture = subject.view.slice(data, 0)
        for name, mask in masks.items():
            picture[mask & (picture == 0)] = self._values[name]
        stem = source.name.removesuffix("".join(source.suffixes)) if source.suffix == ".gz" else source.stem
        write_labels(
            LabelMap(data, subject.volume.geometry), self.folder / "masks" / f"{stem}.png", like=subject.volume
        )
