"""What a folder of files cannot say about itself: dataset.yaml, or the same keys in a --meta file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from samaritan.core import Config, InputError, UsageError
from samaritan.core.intensity import canonical_modality
from samaritan.core.intensity import parse as parse_intensity
from samaritan.core.public_data import canonical, nearest

#: The file beside images/ that holds the settings.
FILE_NAME = "dataset.yaml"

Positive = Annotated[float, Field(gt=0)]


class DatasetInfo(Config):
    """The keys of dataset.yaml; all optional.

    Attributes:
        name: of the data set; the folder's name otherwise.
        layout: which layout reads the folder, where more than one could.
        modality: free text; the first word decides ("MR T1 (brain)" is MR).
        labels: value -> name. With labels given, any other value in a mask is an error.
        ignore: values that are read as background (a "void" label).
        instances: every value is one object of the same kind, which ``labels: {1: name}`` names.
        patients: case id -> patient id, or a regular expression whose first group, found in the case id, is the patient.
        spacing: size of a pixel in mm (one number, or one per axis), for files that know none.
        intensity: policy as in :func:`samaritan.core.intensity.parse`, such as ``ct:lung``.
        channel: name or number of the channel to use, where an image has several.
        raters: the only raters to read, where not all of masks_raters/ are wanted.
        licence: of the images.
        description: one sentence.
        sources: public data sets that the images come from, in the names of :data:`samaritan.core.public_data.PUBLIC_DATA`
            ("drive", "amos"), or "private" for images that were never published; tells which models have seen them.
    """

    name: str | None = Field(default=None, pattern=r"^[^/\\\x00-\x1f]+$")
    layout: str | None = None
    modality: str | None = None
    labels: dict[Annotated[int, Field(ge=0)], str] = Field(default_factory=dict)
    ignore: tuple[int, ...] = ()
    instances: bool = False
    patients: str | dict[str, str] | None = None
    spacing: Positive | tuple[Positive, Positive] | tuple[Positive, Positive, Positive] | None = None
    intensity: str | None = None
    channel: int | str | None = None
    raters: tuple[str, ...] | None = None
    licence: str | None = None
    description: str = ""
    sources: tuple[str, ...] = ()

    @field_validator("labels")
    @classmethod
    def _names_differ(cls, labels: dict[int, str]) -> dict[int, str]:
        labels = {value: name for value, name in labels.items() if value}
        twice = sorted({name for name in labels.values() if list(labels.values()).count(name) > 1})
        if twice:
            raise ValueError(f"two values have the name {twice[0]!r}; every label needs its own name")
        return labels

    @field_validator("patients")
    @classmethod
    def _has_group(cls, patients: str | dict[str, str] | None) -> str | dict[str, str] | None:
        if isinstance(patients, str):
            try:
                groups = re.compile(patients).groups
            except re.error as error:
                raise ValueError(f"{patients!r} is not a regular expression ({error})") from error
            if not groups:
                raise ValueError(f"the regular expression {patients!r} needs a group, such as '^(patient[0-9]+)_'")
        return patients

    @field_validator("intensity")
    @classmethod
    def _is_policy(cls, intensity: str | None) -> str | None:
        try:
            if intensity is not None:
                parse_intensity(intensity)
        except UsageError as error:
            raise ValueError(str(error)) from error
        return intensity

    @property
    def canonical_sources(self) -> tuple[str, ...]:
        """The sources in the names of the vocabulary, others as they are."""
        return tuple(canonical(name) or name for name in self.sources)

    def unknown_sources(self) -> list[str]:
        """A sentence about each source that the vocabulary does not know."""
        return [
            f"The source {name!r} is no name that models list{f'; {near} may be meant' if near else ''}."
            for name in self.sources
            if canonical(name) is None
            for near in [nearest(name)]
        ]

    @property
    def canonical_modality(self) -> str | None:
        """The modality as a name of :data:`samaritan.core.intensity.MODALITIES`, or None."""
        return canonical_modality(self.modality)

    @property
    def spacing_mm(self) -> tuple[float, float, float] | None:
        """Spacing along (i, j, k) in mm; a picture is 1 mm thick."""
        if self.spacing is None:
            return None
        if isinstance(self.spacing, tuple):
            return self.spacing if len(self.spacing) == 3 else (*self.spacing, 1.0)
        return (self.spacing, self.spacing, 1.0)

    def patient(self, case_id: str) -> str:
        """The patient of a case; the case id where nothing is said.

        Raises:
            InputError: patients are given but not for this case, which would let a patient count twice.
        """
        if isinstance(self.patients, str):
            found = re.search(self.patients, case_id)
            if found is None or found[1] is None:
                raise InputError(
                    f"The patients rule {self.patients!r} does not match case {case_id!r}; correct the rule."
                )
            return found[1]
        if self.patients is not None and case_id not in self.patients:
            raise InputError(f"The table of patients has no entry for case {case_id!r}; add it.")
        return self.patients[case_id] if self.patients else case_id

    def absent(self, case_ids: Iterable[str]) -> list[str]:
        """Cases that the table of patients names but that are not there."""
        return sorted(set(self.patients) - set(case_ids)) if isinstance(self.patients, dict) else []

    def updated(self, other: DatasetInfo | None) -> DatasetInfo:
        """These settings with the keys that ``other`` gives in their place."""
        if other is None:
            return self
        return self.model_copy(update={key: getattr(other, key) for key in other.model_fields_set})


class Meta(Config):
    """A --meta file: folder name of a data set -> the keys of dataset.yaml, for folders that cannot be written to."""

    datasets: dict[str, DatasetInfo]

    @model_validator(mode="before")
    @classmethod
    def _whole_file(cls, content: object) -> object:
        return {"datasets": content}
