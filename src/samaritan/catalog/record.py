"""One paper."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, StringConstraints
from pydantic_core import PydanticCustomError

#: Characters that a terminal or an editor obeys: controls, marks of direction, halves of pairs. They are in nobody's title.
_COMMANDS = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: str) -> str:
    """``text`` with single blanks, as a title is printed.

    Raises:
        ValueError: it has a character that is a command to terminals.
    """
    line = " ".join(text.split())
    if found := _COMMANDS.search(line):
        raise PydanticCustomError(
            "control", "Text should have no control character such as {it}", {"it": repr(found[0])}
        )
    return line


def _said(text: str) -> str:
    line = one_line(text)
    if not any(map(str.isalnum, line)):
        raise PydanticCustomError("said", "Text should have a letter or a digit")
    return line


#: One line of printable text. Nothing real is longer than this.
Line = Annotated[str, StringConstraints(max_length=2000), AfterValidator(one_line)]

#: One line in which something is said: a title, a name.
Said = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_said)]

#: Surname of the first author, year, first telling word of the title, all in small ASCII letters: ``wu2023medical``.
KEY = r"^[a-z]+[0-9]{4}[a-z0-9]+$"

Key = Annotated[str, StringConstraints(pattern=KEY, max_length=100)]

Month = Annotated[str, StringConstraints(pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$")]


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


class Earlier(BaseModel):
    """An earlier version of a work, under another title; its key still leads to the work."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    title: Said


class Paper(BaseModel):
    """One paper of the catalogue.

    Attributes:
        authors: as the source gives them; ``others`` says that more follow.
        month: of the first public version.
        published: month of the version that ``venue`` and ``title`` are of, where it is another one.
        venue: journal, conference or archive.
        also: other addresses of the paper and of its code, such as those of a preprint that is no arXiv number.
        code_licence: SPDX identifier of the code, ``"none"`` where its repository has no licence, None where unknown.
        seminal: a paper that the field stands on, rather than one of SAM on medical images.
        earlier: versions under other titles, which lists name as papers of their own.
        tags: derived by the rules, with the reviewed overrides.
        implemented: entries of the package that rest on the paper; empty for most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    title: Said
    authors: tuple[Said, ...]
    others: bool = False
    month: Month
    published: Month | None = None
    venue: Line | None = None
    arxiv: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}\.[0-9]{4,5}$")] | None = None
    doi: Line | None = None
    url: HttpUrl | None = None
    code: HttpUrl | None = None
    also: tuple[HttpUrl, ...] = ()
    code_licence: Line | None = None
    seminal: bool = False
    earlier: tuple[Earlier, ...] = ()
    tags: Tags = Field(default_factory=Tags)
    implemented: tuple[Implementation, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Its key, and those that its earlier versions had."""
        return (self.key, *(one.key for one in self.earlier))

    @property
    def titles(self) -> tuple[str, ...]:
        """Its title, and those of its earlier versions."""
        return (self.title, *(one.title for one in self.earlier))
