"""Edits: what is journaled, and can be undone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from samaritan.annotate.messages._base import Message, Mm, Name, ObjectId, PlaneName, Status
from samaritan.annotate.messages.prompts import Prompts


class AddObject(Message):
    """A new object of a label; with ``object`` None it gets the smallest free number."""

    kind: Literal["add-object"]
    label: Name
    object: ObjectId | None = None


class RemoveObject(Message):
    """An object goes, with its mask and prompts."""

    kind: Literal["remove-object"]
    object: ObjectId


class Relabel(Message):
    """An object gets another label."""

    kind: Literal["relabel"]
    object: ObjectId
    label: Name


class Ask(Message):
    """Segment a slice: these are all prompts of the object there, in place of earlier ones; its mask there is replaced.

    ``plane`` and the prompts say which slice. ``candidate`` is one of the model's answers, best first; None takes the best.
    ``over``: "empty" leaves voxels of other objects alone, "all" takes them.
    """

    kind: Literal["ask"]
    object: ObjectId
    plane: PlaneName
    prompts: Prompts
    candidate: Annotated[int, Field(ge=0, le=15)] | None = None
    over: Literal["empty", "all"] = "empty"


class Paint(Message):
    """Brush or eraser: a disc of ``radius`` (mm) along ``path`` on one slice of ``plane``."""

    kind: Literal["paint"]
    object: ObjectId
    plane: PlaneName
    path: Annotated[tuple[Mm, ...], Field(min_length=1, max_length=5000)]
    radius: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
    erase: bool = False
    over: Literal["empty", "all"] = "empty"


class Propagate(Message):
    """From the object's prompted slices of ``plane`` to the whole volume; ``first``/``last`` are mm places that bound it.

    Slices that were painted, or asked in another plane, take part with their mask.
    """

    kind: Literal["propagate"]
    object: ObjectId
    plane: PlaneName
    bounds: tuple[Mm, Mm] | None = None
    over: Literal["empty", "all"] = "empty"


class Clear(Message):
    """Empty an object: on the slice of ``plane`` at ``at``, or everywhere where ``at`` is None; its prompts there go too."""

    kind: Literal["clear"]
    object: ObjectId
    plane: PlaneName = "axial"
    at: Mm | None = None


class Propose(Message):
    """Take the masks that an improved model proposed for this case (:attr:`CaseDetail.proposal`).

    They fill empty voxels of labels that have no mask; with ``replace`` they take the place of all masks and prompts.
    """

    kind: Literal["propose"]
    replace: bool = False


class Mark(Message):
    """Status and note of a case; None leaves it as it is. Marks are journaled but are not part of undo."""

    kind: Literal["mark"]
    status: Status | None = None
    note: Annotated[str, Field(max_length=4000)] | None = None


class Undo(Message):
    """Take the last edit back."""

    kind: Literal["undo"]


class Redo(Message):
    """Do again what was taken back."""

    kind: Literal["redo"]


Edit = Annotated[
    AddObject | RemoveObject | Relabel | Ask | Paint | Propagate | Clear | Propose | Mark | Undo | Redo,
    Field(discriminator="kind"),
]


class EditRequest(Message):
    """POST /api/cases/{case}/edits.

    ``revision`` is the one that the page knows: another one on the server is answered with 409 and :class:`Conflict`, and
    nothing is changed. ``request`` is a name that the page makes up, so that a repeated request is not done twice.
    """

    revision: Annotated[int, Field(ge=0)]
    request: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    edit: Edit


class PreviewRequest(Message):
    """POST /api/cases/{case}/preview: a mask that is not kept, as while a box is dragged; a later one takes its place."""

    object: ObjectId
    plane: PlaneName
    prompts: Prompts
