"""What the page asks for beside edits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from samaritan.annotate.messages._base import Colour, ExportFormat, Message, Mm, Name, PlaneName


class Focus(Message):
    """POST /api/cases/{case}/focus, as a person scrolls: the slice that is looked at is encoded first, its neighbours next."""

    plane: PlaneName
    at: Mm


class NewLabel(Message):
    """POST /api/labels; a colour is chosen where none is given. A label that is there gets the colour."""

    name: Name
    colour: Colour | None = None


class RenamedLabel(Message):
    """POST /api/labels/rename: its value and colour stay, and every case and file that has the label follows."""

    name: Name
    to: Name


class ExportRequest(Message):
    """POST /api/cases/{case}/export; the answer is the file."""

    format: ExportFormat


class ExportedSet(Message):
    """POST /api/dataset: accepted cases as images/ and masks/, which benchmark and adapt read."""

    folder: str
    cases: int
    skipped: tuple[str, ...] = ()


class LearnRequest(Message):
    """POST /api/learn: start, stop, keep the new model, or discard it."""

    action: Literal["start", "stop", "keep", "discard", "propose"]
    method: Literal["decoder", "lora"] = "decoder"
    minutes: Annotated[float, Field(gt=0, le=240, allow_inf_nan=False)] = 2.0
