"""The contract of a data set: cases, each an image with one or more references."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from samaritan.core import LabelMap, Registry, Volume
from samaritan.datasets._info import DatasetInfo

#: The rater's name where there is only one reference.
REFERENCE = "reference"


@dataclass(frozen=True)
class Case:
    """One image and its reference segmentation(s); nothing is read before it is asked for.

    Attributes:
        dataset: the data set's name.
        case_id: unique in the data set.
        patient_id: cases of one patient share it; the case id where nothing better is known.
        modality: as the data set says it, canonical (:data:`samaritan.core.intensity.MODALITIES`), or None.
        sources: the files behind it (image first), for provenance; empty for an image that code makes.
        read_image: -> Volume.
        read_references: rater -> (-> LabelMap); the gold standard is called "reference" and comes first. A reader checks
            that the label map lies on the image's grid (GeometryError).
        instances: True when every label value is one object of the same kind (nuclei); its name is ``names[1]``.
        names: label value -> name.
        intensity: intensity policy that the data set asks for (``ct:lung``), or None.
    """

    dataset: str
    case_id: str
    patient_id: str
    modality: str | None
    sources: tuple[Path, ...]
    read_image: Callable[[], Volume]
    read_references: Mapping[str, Callable[[], LabelMap]]
    instances: bool = False
    names: Mapping[int, str] = field(default_factory=dict)
    intensity: str | None = None


@dataclass(frozen=True)
class Dataset:
    """A named, ordered collection of cases.

    Attributes:
        name: short, unique in a run.
        cases: in a stable order, case ids unique.
        layout: which reader made it ("folders", "nnunet", "msd", "medsam-npz", "samples").
        modality: canonical, or None when cases differ.
        licence: as far as known.
        description: one sentence.
        notes: what a person should know about how it was read (images without mask, files left out).
        sources: names of the public data sets that it is made of (:mod:`samaritan.core.public_data`); empty where nobody says.
    """

    name: str
    cases: tuple[Case, ...]
    layout: str
    modality: str | None = None
    licence: str | None = None
    description: str = ""
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """A way in which data sets lie on disk.

    Attributes:
        form: what a folder of this layout holds, in words, for messages.
        claims: ``claims(folder) -> bool``; cheap: looks at names and at dataset.json, never at an image.
        read: ``read(folder, info) -> Dataset``; ``info`` is the parsed dataset.yaml (or what --meta says), maybe empty.
    """

    form: str
    claims: Callable[[Path], bool]
    read: Callable[[Path, DatasetInfo], Dataset]


LAYOUTS: Registry[Layout] = Registry("dataset layout", "samaritan.datasets")
