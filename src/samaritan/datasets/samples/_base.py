"""The contract of a built-in sample, and how one becomes a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from samaritan.core import InputError, LabelMap, Registry, Volume
from samaritan.core.intensity import canonical_modality
from samaritan.datasets._base import REFERENCE, Case, Dataset

#: Name of the whole collection; one sample is ``samples/NAME``.
COLLECTION = "samples"


@dataclass(frozen=True, eq=False)
class Drawn:
    """One image with its reference segmentation(s) by rater, all on one grid."""

    volume: Volume
    references: Mapping[str, LabelMap]


@dataclass(frozen=True)
class Sample:
    """A built-in data set.

    Attributes:
        description: one sentence, with where the truth comes from.
        modality: free text, the first word decides.
        licence: of the images.
        labels: value -> name.
        cases: case id -> patient id, in order.
        draw: ``draw(case_id) -> Drawn``; the same voxels at every call.
        raters: keys of what ``draw`` gives, the gold standard first.
        instances: every value is one object.
        package: distribution whose files it reads, or None for a phantom.
        install: what to type when that distribution is missing.
        notes: what a person should know before reading the scores.
        sources: names of the public data sets that the images come from (:mod:`samaritan.core.public_data`); "phantom" where
            code draws them.
    """

    description: str
    modality: str
    licence: str
    labels: Mapping[int, str]
    cases: Mapping[str, str]
    draw: Callable[[str], Drawn]
    raters: tuple[str, ...] = (REFERENCE,)
    instances: bool = False
    package: str | None = None
    install: str = ""
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def missing(self) -> str | None:
        """What to install, in a sentence, or None when the sample can be read."""
        if self.package is None or _is_installed(self.package):
            return None
        return f"needs the package {self.package}: {self.install}"


SAMPLES: Registry[Sample] = Registry("sample", "samaritan.datasets.samples")


def open_sample(name: str, *, check: bool = True) -> Dataset:
    """The built-in data set of that name; without ``check`` also where its images are not on this machine.

    Raises:
        UnknownNameError: there is no such sample.
        InputError: the package that ships its images is not installed.
    """
    sample = SAMPLES.get(name)
    if check and (missing := sample.missing()) is not None:
        raise InputError(f"The built-in data set {COLLECTION}/{name} {missing}.")
    cases = tuple(_case(name, sample, case_id) for case_id in sample.cases)
    modality = canonical_modality(sample.modality)
    return Dataset(name, cases, COLLECTION, modality, sample.licence, sample.description, sample.notes, sample.sources)


def package_file(package: str, name: str) -> Path:
    """A file of an installed distribution, found in its file list, so that the package is never imported.

    Raises:
        InputError: the distribution is not installed or has no such file.
    """
    files = (distribution(package).files or []) if _is_installed(package) else []
    found = next((file for file in files if file.as_posix().endswith(name)), None)
    path = Path(str(found.locate())) if found is not None else None
    if path is None or not path.is_file():
        raise InputError(f"The installed package {package} has no file {name}; install another version of it.")
    return path


def _case(name: str, sample: Sample, case_id: str) -> Case:
    return Case(
        dataset=name,
        case_id=case_id,
        patient_id=sample.cases[case_id],
        modality=canonical_modality(sample.modality),
        sources=(),
        read_image=partial(_image, name, case_id),
        read_references={rater: partial(_reference, name, case_id, rater) for rater in sample.raters},
        instances=sample.instances,
        names=sample.labels,
    )


def _image(name: str, case_id: str) -> Volume:
    return _drawn(name, case_id).volume


def _reference(name: str, case_id: str, rater: str) -> LabelMap:
    return _drawn(name, case_id).references[rater]


@lru_cache(maxsize=1)
def _drawn(name: str, case_id: str) -> Drawn:
    """The case that was asked for last is kept: an image and its references are read one after the other."""
    return SAMPLES.get(name).draw(case_id)


def _is_installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True
