"""What the page and the server say to each other.

The server's OpenAPI document and the page's types are made from these classes. Positions are RAS+ millimetres (pixels where
``unit`` is "px"), whatever the file's own order of voxels; arrays are on the case's *shown grid*: the native grid with its axes
permuted and flipped to run right, front and up as nearly as they can, nothing interpolated, first axis fastest, as in NIfTI.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

PlaneName = Literal["axial", "coronal", "sagittal"]
Status = Literal["open", "work", "accepted", "skipped"]
ExportFormat = Literal["nifti", "png", "dicom-seg"]

#: Values of the shown label array are bytes, 0 is background.
MOST_OBJECTS = 255

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Mm = tuple[Number, Number, Number]
ObjectId = Annotated[int, Field(ge=1, le=MOST_OBJECTS)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f/\\]+$")]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class Message(BaseModel):
    """Nothing but the fields below is allowed, and nothing is changed after it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# --- what a person draws ---------------------------------------------------------------------------------------------


class Point(Message):
    """A click; ``positive`` where it belongs to the object."""

    at: Mm
    positive: bool = True


class Scribble(Message):
    """A free line through voxels that belong to the object, or do not."""

    path: Annotated[tuple[Mm, ...], Field(min_length=1, max_length=2000)]
    positive: bool = True


class Corners(Message):
    """Two opposite corners of a box on one slice."""

    a: Mm
    b: Mm


class Prompts(Message):
    """All that was said about one object on one slice of one plane. A lasso is a closed line, given as a rough mask."""

    points: Annotated[tuple[Point, ...], Field(max_length=200)] = ()
    scribbles: Annotated[tuple[Scribble, ...], Field(max_length=50)] = ()
    box: Corners | None = None
    lasso: Annotated[tuple[Mm, ...], Field(max_length=2000)] = ()


# --- edits: what is journaled, and can be undone -----------------------------------------------------------------------


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
    """Take the masks that an improved model proposed for this case (:attr:`CaseDetail.proposal`)."""

    kind: Literal["propose"]


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


# --- answers -----------------------------------------------------------------------------------------------------------


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


class ModelState(Message):
    """The model process: ``ready`` says whether questions are answered at once."""

    name: str
    adapter: str | None
    state: Literal["starting", "ready", "busy", "restarting", "failed"]
    sentence: str = ""
    prompts: tuple[str, ...] = ("points", "box", "mask")
    queue: int = 0


class LearnState(Message):
    """Improve: ``dice`` are mean validation Dice of the model in use and of the new one, on accepted cases kept apart."""

    state: Literal["idle", "training", "validating", "ready", "proposing", "failed"] = "idle"
    accepted: int = 0
    needed: int = 3
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    before: float | None = None
    after: float | None = None
    validation: int = 0
    sentence: str = ""


class Session(Message):
    """GET /api/session: everything but the cases."""

    version: str
    folder: str
    output: str
    labels: tuple[Label, ...]
    model: ModelState
    learn: LearnState
    limits: dict[str, int]


class Health(Message):
    """GET /api/health: the server lives; ``model`` is the state of its model process."""

    version: str
    model: Literal["starting", "ready", "busy", "restarting", "failed"]


class Launch(Message):
    """POST /api/launch: a link that opens the page once, in a browser that is not in yet."""

    url: str


class Failure(Message):
    """Every answer of 400 and more: one sentence, and a number that stands in the log beside what happened."""

    error: str
    sentence: str
    request: str


class Conflict(Failure):
    """409: the case is at ``revision``, which another page has made; the refused edit is kept on disk as ``kept``."""

    revision: int
    kept: str | None = None


class Event(Message):
    """What the server says by itself, over the socket /api/events."""

    event: Literal["model", "learn", "case", "progress", "labels", "goodbye"]
    case: str | None = None
    model: ModelState | None = None
    learn: LearnState | None = None
    summary: CaseSummary | None = None
    labels: tuple[Label, ...] | None = None
    done: int | None = None
    total: int | None = None


class Focus(Message):
    """POST /api/cases/{case}/focus, as a person scrolls: the slice that is looked at is encoded first, its neighbours next."""

    plane: PlaneName
    at: Mm


class NewLabel(Message):
    """POST /api/labels; a colour is chosen where none is given. A label that is there gets the colour."""

    name: Name
    colour: Colour | None = None


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


def schema() -> dict[str, Any]:
    """JSON Schema of every message, by name."""
    found = {kind.__name__: kind for kind in _kinds(Message)}
    return {name: kind.model_json_schema(ref_template="#/components/schemas/{model}") for name, kind in found.items()}


def _kinds(kind: type[Message]) -> list[type[Message]]:
    return [one for child in kind.__subclasses__() for one in (child, *_kinds(child))]
