"""A scripted person who labels volumes through the client, remembers every edit that was acknowledged, and can check them."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.annotate.pictures import place_of
from samaritan.annotate import messages as say
from samaritan.annotate.client import Case, Client

PLANES: tuple[say.PlaneName, ...] = ("axial", "coronal", "sagittal")

_STATUSES: tuple[say.Status | None, ...] = ("open", "work", "accepted", "skipped", None)
_OVER: tuple[Literal["empty", "all"], ...] = ("empty", "all")

#: Objects that a person makes of a case; more are removed again.
_OBJECTS = 4


@dataclass(frozen=True)
class Pending:
    """An edit that was sent, and whose answer has not come."""

    case: str
    edit: say.Edit
    request: str
    revision: int


@dataclass(frozen=True)
class Memory:
    """A case as the answers to this person's edits describe it: what the server must know after any failure."""

    revision: int
    undo: str | None
    redo: str | None
    status: str
    note: str
    objects: tuple[say.ObjectState, ...]
    asked: tuple[say.Asked, ...]


class DifferenceError(AssertionError):
    """The server does not know what it acknowledged."""


class Person:
    """Makes random edits of the cases of a server, one at a time.

    Args:
        client: of the server.
        seed: of what is done.
        label: name of the label of new objects.

    Attributes:
        pending: the edit whose answer has not come; None between edits.
        done: how many edits of each kind were acknowledged.
        seconds: from sending an edit to its answer, in order.
    """

    def __init__(self, client: Client, seed: int = 0, label: str = "organ") -> None:
        self.chance = random.Random(seed)  # noqa: S311 - edits, not secrets
        self.label = label
        self.pending: Pending | None = None
        self.done: Counter[str] = Counter()
        self._client = client
        self._cases: dict[str, Case] = {}
        self._memory: dict[str, Memory] = {}
        self.names = [one.case for one in client.cases()]

    def act(self) -> say.Edited:
        """One edit of a random case."""
        name = self.chance.choice(self.names)
        case = self._case(name)
        edit = self._edit(case, self._memory[name])
        self.pending = Pending(name, edit, secrets.token_hex(12), case.revision)
        return self._send(self.pending)

    def resume(self, client: Client) -> None:
        """After a restart: compare every case with what was acknowledged, and repeat the edit whose answer never came.

        That edit may be on disk or not, but nothing else may differ: it is sent again under its old name and revision, which
        must do it exactly once.

        Raises:
            DifferenceError: something that was acknowledged is gone, or something else is there.
        """
        self._client = client
        for case in self._cases.values():
            case.connection = client.connection
        for name in self._cases:
            if self.pending is None or self.pending.case != name:
                self.check(name)
        if self.pending is not None:
            self._repeat(self.pending)

    def check_all(self) -> int:
        """Compare every case that was opened; returns how many there are. Raises as :meth:`resume`."""
        for name in self._cases:
            self.check(name)
        return len(self._cases)

    def check(self, name: str) -> None:
        """Compare one case; raises as :meth:`resume`."""
        told = Case(self._client.connection, name)
        expected, found = self._memory[name], _memory(told.detail)
        if found != expected:
            raise DifferenceError(f"{name}: the server has {found}, acknowledged was {expected}")
        if not np.array_equal(told.labels(), self.labels(name)):
            raise DifferenceError(f"{name}: the label array at revision {told.revision} differs")

    def labels(self, name: str) -> NDArray[np.uint8]:
        """(i, j, k) object numbers of a case that was opened, on the shown grid, as its edits were answered."""
        return self._cases[name].labels()

    def case(self, name: str) -> Case:
        """A case that was opened."""
        return self._cases[name]

    @property
    def opened(self) -> tuple[str, ...]:
        """Ids of the cases that were edited."""
        return tuple(self._cases)

    def _repeat(self, pending: Pending) -> None:
        name, case = pending.case, self._cases[pending.case]
        told = Case(self._client.connection, name)
        if told.revision == pending.revision:
            self.check(name)
        elif told.revision != pending.revision + 1:
            raise DifferenceError(f"{name} is at {told.revision}, and {pending.revision} was acknowledged")
        case.revision = pending.revision
        self._send(pending)
        self.check(name)

    def _send(self, pending: Pending) -> say.Edited:
        case = self._cases[pending.case]
        edited = case.edit(pending.edit, request=pending.request)
        self._memory[pending.case] = _memory(edited)
        self.done[pending.edit.kind] += 1
        self.pending = None
        return edited

    def _case(self, name: str) -> Case:
        if name not in self._cases:
            case = self._client.open(name)
            case.labels()  # from now on it follows the patches
            self._cases[name], self._memory[name] = case, _memory(case.detail)
        return self._cases[name]

    def _edit(self, case: Case, known: Memory) -> say.Edit:
        """A random edit that makes sense now."""
        makers: dict[str, tuple[float, Callable[[Case, Memory], say.Edit]]] = {
            "mark": (2, self._mark),
            "add": (2 * (len(known.objects) < _OBJECTS), lambda *_: say.AddObject(kind="add-object", label=self.label)),
            "undo": (3 * bool(known.undo), lambda *_: say.Undo(kind="undo")),
            "redo": (3 * bool(known.redo), lambda *_: say.Redo(kind="redo")),
            "ask": (6 * bool(known.objects), self._ask),
            "paint": (12 * bool(known.objects), self._paint),
            "clear": (1 * bool(known.objects), self._clear),
            "remove": (0.5 * bool(known.objects), self._remove),
            "propagate": (1 * bool(known.asked), self._propagate),
        }
        weights = [weight for weight, _ in makers.values()]
        return self.chance.choices(list(makers.values()), weights)[0][1](case, known)

    def _mark(self, _case: Case, _known: Memory) -> say.Edit:
        status: say.Status | None = self.chance.choice(_STATUSES)
        return say.Mark(kind="mark", status=status, note=f"note {self.chance.random():.6f}")

    def _ask(self, case: Case, known: Memory) -> say.Edit:
        plane, at = self.chance.choice(PLANES), self._place(case)
        prompts = self._prompts(case, plane, at)
        return say.Ask(kind="ask", object=self._object(known), plane=plane, prompts=prompts)

    def _paint(self, case: Case, known: Memory) -> say.Edit:
        plane, at = self.chance.choice(PLANES), self._place(case)
        return say.Paint(
            kind="paint",
            object=self._object(known),
            plane=plane,
            path=tuple(self._along(case, plane, at) for _ in range(self.chance.randint(1, 12))),
            radius=self.chance.uniform(0.6, 5.0),
            erase=self.chance.random() < 0.4,
            over=self.chance.choice(_OVER),
        )

    def _clear(self, case: Case, known: Memory) -> say.Edit:
        at = self.chance.choice([self._place(case), None])
        return say.Clear(kind="clear", object=self._object(known), plane=self.chance.choice(PLANES), at=at)

    def _remove(self, _case: Case, known: Memory) -> say.Edit:
        return say.RemoveObject(kind="remove-object", object=self._object(known))

    def _propagate(self, _case: Case, known: Memory) -> say.Edit:
        seen = self.chance.choice(known.asked)
        return say.Propagate(kind="propagate", object=seen.object, plane=seen.plane)

    def _object(self, known: Memory) -> int:
        return self.chance.choice([one.object for one in known.objects])

    def _prompts(self, case: Case, plane: say.PlaneName, at: say.Mm) -> say.Prompts:
        points = (say.Point(at=at), say.Point(at=self._along(case, plane, at), positive=self.chance.random() < 0.5))
        if self.chance.random() < 0.5:
            return say.Prompts(points=points)
        return say.Prompts(box=say.Corners(a=at, b=self._along(case, plane, at)))

    def _place(self, case: Case) -> say.Mm:
        """The centre of a random voxel, in mm."""
        voxel = [self.chance.randrange(size) for size in case.detail.shape]
        return place_of(case.geometry, voxel)

    def _along(self, case: Case, plane: say.PlaneName, at: say.Mm) -> say.Mm:
        """The centre of a random voxel on the slice of ``plane`` that ``at`` is on."""
        voxel = [self.chance.randrange(size) for size in case.detail.shape]
        through = {"sagittal": 0, "coronal": 1, "axial": 2}[plane]
        voxel[through] = round(float(case.geometry.to_voxel([at])[0, through]))
        return place_of(case.geometry, voxel)


def _memory(told: say.Edited | say.CaseDetail) -> Memory:
    asked = sorted(told.asked, key=lambda one: (one.object, one.plane, one.index))
    objects = sorted(told.objects, key=lambda one: one.object)
    return Memory(told.revision, told.undo, told.redo, told.status, told.note, tuple(objects), tuple(asked))
