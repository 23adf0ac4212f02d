"""One paper."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints

#: Surname of the first author, year, first telling word of the title, all in small ASCII letters: ``wu2023medical``.
Key = Annotated[str, StringConstraints(pattern=r"^[a-z]+\d{4}[a-z0-9]+$")]

Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class Tags(BaseModel):
    """What a paper is about, in words of :mod:`samaritan.catalog.vocabulary`; every facet may have several, or none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: tuple[str, ...] = ()
    modality: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    dimension: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()
    base_model: tuple[str, ...] = ()
    supervision: tuple[str, ...] = ()


class Implementation(BaseModel):
    """Where the paper's work stands in this package: ``adapt``, ``med-sa``, ``src/samaritan/adapt/med_sa.py``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    room: str
    name: str
    file: str


class Paper(BaseModel):
    """One paper of the catalogue.

    Attributes:
        authors: as the source gives them; ``others`` says that more follow.
        month: of the first public version.
        venue: journal, conference or archive.
        also: other addresses of the paper and of its code, such as those of a preprint that is no arXiv number.
        code_licence: SPDX identifier of the code, ``"none"`` where its repository has no licence, None where unknown.
        seminal: a paper that the field stands on, rather than one of SAM on medical images.
        tags: derived by the rules, with the reviewed overrides.
        implemented: entries of the package that rest on the paper; empty for most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    title: str
    authors: tuple[str, ...]
    others: bool = False
    month: Month
    venue: str | None = None
    arxiv: Annotated[str, StringConstraints(pattern=r"^\d{4}\.\d{4,5}$")] | None = None
    doi: str | None = None
    url: HttpUrl | None = None
    code: HttpUrl | None = None
    also: tuple[HttpUrl, ...] = ()
    code_licence: str | None = None
    seminal: bool = False
    tags: Tags = Field(default_factory=Tags)
    implemented: tuple[Implementation, ...] = ()
