"""The model, learning, what goes wrong, and what the server says by itself."""

from __future__ import annotations

from typing import Literal

from samaritan.annotate.messages._base import Message
from samaritan.annotate.messages.cases import CaseSummary, Label


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
