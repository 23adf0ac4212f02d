"""A case as the server describes it, and what it answers to edits."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from samaritan.annotate.messages._base import Colour, ExportFormat, Message, Name, ObjectId, PlaneName, Status
from samaritan.annotate.messages.prompts import Prompts


class Label(Message):
    """A kind of object, the same in all cases."""

    name: Name
    colour: Colour


class ObjectState(Message):
    """One object of a case.

    ``volume_ml`` is None where the image has no millimetres, then ``area_px`` counts. ``extent`` is the size of its bounding
    box along the shown axes (right, front, up), in ``unit``.
    """

    object: ObjectId
    label: Name
    colour: Colour
    voxels: int
    volume_ml: float | None
    extent: tuple[float, float, float] | None
    slices: dict[PlaneName, tuple[int, int]] = Field(default_factory=dict)


class Asked(Message):
    """Prompts of one object on one slice; ``index`` counts slices of the shown grid along the plane's axis."""

    object: ObjectId
    plane: PlaneName
    index: int
    prompts: Prompts


class Answer(Message):
    """What the model said to the last question: estimates of IoU of its candidates, and which one was taken."""

    object: ObjectId
    plane: PlaneName
    index: int
    qualities: tuple[float, ...]
    candidate: int
    encoded: bool
    seconds: float


class Patch(Message):
    """Part of the label array that changed: ``data`` is base64 of zlib of uint8 object numbers, first axis fastest."""

    low: tuple[int, int, int]
    shape: tuple[int, int, int]
    data: str


class Edited(Message):
    """The answer to an edit; when it arrives, the edit is on disk."""

    revision: int
    undo: str | None
    redo: str | None
    status: Status
    note: str
    objects: tuple[ObjectState, ...]
    asked: tuple[Asked, ...]
    patches: tuple[Patch, ...]
    answer: Answer | None = None
    warnings: tuple[str, ...] = ()


class Previewed(Message):
    """``patch`` holds 1 where the object would be; None where a later preview took this one's place."""

    patch: Patch | None
    quality: float | None = None


class Preset(Message):
    """Grey values that become black and white."""

    name: str
    low: float
    high: float


class CaseSummary(Message):
    """A row of the list of cases. ``uncertainty``: the higher, the sooner it should be looked at; None where unknown."""

    case: str
    name: str
    status: Status
    volume: bool
    objects: int
    revision: int
    note: str = ""
    uncertainty: float | None = None
    proposal: bool = False
    problem: str | None = None


class CaseDetail(Message):
    """An open case, apart from its arrays: GET .../image is a NIfTI file on the shown grid, GET .../labels its label array."""

    case: str
    name: str
    status: Status
    note: str
    revision: int
    undo: str | None
    redo: str | None
    shape: tuple[int, int, int]
    affine: tuple[tuple[float, ...], ...]
    spacing: tuple[float, float, float]
    unit: Literal["mm", "px"]
    orientation: str
    colour: bool
    modality: str | None
    plane: PlaneName
    presets: tuple[Preset, ...]
    objects: tuple[ObjectState, ...]
    asked: tuple[Asked, ...]
    proposal: bool
    formats: tuple[ExportFormat, ...]
    warnings: tuple[str, ...]
