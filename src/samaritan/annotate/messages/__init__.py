"""What the page and the server say to each other.

The server's OpenAPI document and the page's types are made from these classes. Positions are RAS+ millimetres (pixels where
``unit`` is "px"), whatever the file's own order of voxels; arrays are on the case's *shown grid*: the native grid with its axes
permuted and flipped to run right, front and up as nearly as they can, nothing interpolated, first axis fastest, as in NIfTI.
"""

from __future__ import annotations

from typing import Any

from samaritan.annotate.messages._base import (
    MOST_OBJECTS,
    Colour,
    ExportFormat,
    Message,
    Mm,
    Name,
    Number,
    ObjectId,
    PlaneName,
    Status,
)
from samaritan.annotate.messages.cases import (
    Answer,
    Asked,
    CaseDetail,
    CaseSummary,
    Edited,
    Label,
    ObjectState,
    Patch,
    Preset,
    Previewed,
)
from samaritan.annotate.messages.edits import (
    AddObject,
    Ask,
    Clear,
    Edit,
    EditRequest,
    Mark,
    Paint,
    PreviewRequest,
    Propagate,
    Propose,
    Redo,
    Relabel,
    RemoveObject,
    Undo,
)
from samaritan.annotate.messages.prompts import Corners, Point, Prompts, Scribble
from samaritan.annotate.messages.requests import ExportedSet, ExportRequest, Focus, LearnRequest, NewLabel, RenamedLabel
from samaritan.annotate.messages.state import Conflict, Event, Failure, Health, Launch, LearnState, ModelState, Session

__all__ = [
    "MOST_OBJECTS",
    "AddObject",
    "Answer",
    "Ask",
    "Asked",
    "CaseDetail",
    "CaseSummary",
    "Clear",
    "Colour",
    "Conflict",
    "Corners",
    "Edit",
    "EditRequest",
    "Edited",
    "Event",
    "ExportFormat",
    "ExportRequest",
    "ExportedSet",
    "Failure",
    "Focus",
    "Health",
    "Label",
    "Launch",
    "LearnRequest",
    "LearnState",
    "Mark",
    "Message",
    "Mm",
    "ModelState",
    "Name",
    "NewLabel",
    "Number",
    "ObjectId",
    "ObjectState",
    "Paint",
    "Patch",
    "PlaneName",
    "Point",
    "Preset",
    "PreviewRequest",
    "Previewed",
    "Prompts",
    "Propagate",
    "Propose",
    "Redo",
    "Relabel",
    "RemoveObject",
    "RenamedLabel",
    "Scribble",
    "Session",
    "Status",
    "Undo",
    "schema",
]


def schema() -> dict[str, Any]:
    """JSON Schema of every message, by name."""
    found = {kind.__name__: kind for kind in _kinds(Message)}
    return {name: kind.model_json_schema(ref_template="#/components/schemas/{model}") for name, kind in found.items()}


def _kinds(kind: type[Message]) -> list[type[Message]]:
    return [one for child in kind.__subclasses__() for one in (child, *_kinds(child))]
