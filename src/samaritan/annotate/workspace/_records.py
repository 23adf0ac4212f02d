"""What stands in a journal: which image it belongs to, then line by line each edit with all that it changed."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from samaritan.annotate.messages import Answer, Edit, ObjectId, PlaneName, Prompts, Status
from samaritan.annotate.workspace._delta import Delta


class DamagedLineError(ValueError):
    """A line that is not what was once written."""


class Line(BaseModel):
    """One line of JSON that ends in a checksum of all before it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def to_line(self) -> bytes:
        """As it is written, with the line's end."""
        text = self.model_dump_json().encode()
        return text[:-1] + b',"crc":"%08x"}\n' % zlib.crc32(text)

    @classmethod
    def of_line(cls, line: bytes) -> Self:
        """The inverse of :meth:`to_line`.

        Raises:
            DamagedLineError: the checksum is wrong, or the line holds something else.
        """
        text = line[:-_TAIL] + b"}"
        if line[-_TAIL:] != b',"crc":"%08x"}\n' % zlib.crc32(text):
            raise DamagedLineError("the checksum is wrong")
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise DamagedLineError(str(error.errors()[0]["msg"])) from error


_TAIL = len(b',"crc":"00000000"}\n')


class Head(Line):
    """The first line: which image, and on which grid.

    Attributes:
        name: of the case, for people.
        file: of its mask, relative to the folder of masks.
        shape: of the native grid.
        affine: of the native grid.
        image: checksum of the image's voxels as they are shown.
    """

    journal: Literal[1] = 1
    case: str
    name: str
    file: str
    shape: tuple[int, int, int]
    affine: tuple[tuple[float, ...], ...]
    image: int

    @field_validator("file")
    @classmethod
    def _stays_inside(cls, file: str) -> str:
        if Path(file).is_absolute() or ".." in Path(file).parts:
            raise ValueError("its mask lies outside of the folder")
        return file


class Note(BaseModel):
    """What a person did on one slice for one object: prompts, and whether it was painted after they were asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompts: Prompts | None = None
    painted: bool = False


class NoteChange(BaseModel):
    """A note before and after; ``index`` counts slices of the shown grid."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: ObjectId
    plane: PlaneName
    index: int
    before: Note | None
    after: Note | None


class ObjectChange(BaseModel):
    """An object's label before and after; None where it does not exist."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: ObjectId
    before: str | None
    after: str | None


class Change(BaseModel):
    """All that one edit changes, in a form that can be applied forwards and backwards.

    Attributes:
        name: in words, for the undo button.
        delta: of the label array.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    delta: Delta | None = None
    objects: tuple[ObjectChange, ...] = ()
    notes: tuple[NoteChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes, so that there is nothing to take back."""
        return self.delta is None and not self.objects and not self.notes


class Now(BaseModel):
    """What the list of cases shows, so that the last line of a journal is enough for it.

    Attributes:
        noted: place in the file of the line with the note that holds; None where there is none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Status
    objects: int
    noted: int | None = None


class Record(Line):
    """One edit.

    Attributes:
        revision: of the case after it.
        time: UTC, ISO 8601.
        request: the name that the page gave it.
        edit: as it was asked for; None for the state that the case began with.
        change: what it changed; None for marks, undo and redo.
        took: for undo and redo, the place of the edit that was taken back or done again.
        answer: what the model said.
        now: the case after it.
    """

    revision: int
    time: str
    request: str | None = None
    edit: Edit | None = Field(default=None, discriminator="kind")
    change: Change | None = None
    took: int | None = None
    answer: Answer | None = None
    now: Now


def canonical(edit: BaseModel) -> Any:
    """An edit as plain values, to compare two of them."""
    return json.loads(edit.model_dump_json())
