"""An open case in memory: the label array, its objects, and what a person did on which slice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.messages import PlaneName, Status
from samaritan.annotate.workspace._records import Change, DamagedLineError, Note, Now, Record
from samaritan.annotate.workspace._tally import Tally

#: (object, plane, slice of the shown grid)
Place = tuple[int, PlaneName, int]

#: An edit that can be taken back: where it stands in the journal, and its name.
Step = tuple[int, str]


@dataclass(eq=False)
class State:
    """All that the journal leads to.

    Attributes:
        labels: (i, j, k) uint8 object numbers on the native grid, 0 is background; Fortran order, as NIfTI files are.
        tally: counts of ``labels``.
        objects: number -> label.
        notes: what a person did, by place.
        revision: counts the edits.
        status: of the case.
        note: about the case.
        noted: place of the line with that note.
        undo: edits that can be taken back, the last one last.
        redo: those that were, the next one last.
        requests: names of edits -> places.
    """

    labels: NDArray[np.uint8]
    tally: Tally
    objects: dict[int, str] = field(default_factory=dict)
    notes: dict[Place, Note] = field(default_factory=dict)
    revision: int = 0
    status: Status = "open"
    note: str = ""
    noted: int | None = None
    undo: list[Step] = field(default_factory=list)
    redo: list[Step] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=dict)

    @classmethod
    def empty(cls, shape: tuple[int, int, int]) -> State:
        """Nothing on a grid of that shape."""
        return cls(np.zeros(shape, np.uint8, order="F"), Tally(shape))

    def follow(self, place: int, record: Record, taken: Change | None) -> None:
        """Become what ``record``, which stands at ``place`` of the journal, says.

        Args:
            place: of the record.
            record: the next one.
            taken: for undo and redo, the change that is taken back or done again.

        Raises:
            DamagedLineError: the record does not follow this state.
        """
        kind = record.edit.kind if record.edit is not None else "start"
        change = record.change if taken is None else taken
        if not self._expects(kind, record) or (change is not None and not self._fits(change)):
            raise DamagedLineError("it does not follow the line before it")
        if change is not None:
            self._apply(change, backwards=kind == "undo")
        if kind == "undo":
            self.redo.append(self.undo.pop())
        elif kind == "redo":
            self.undo.append(self.redo.pop())
        elif kind != "start" and change is not None and not change.is_empty:
            self.undo.append((place, change.name))
            self.redo.clear()
        self.revision = record.revision
        self.status = record.now.status
        if record.edit is not None and record.edit.kind == "mark" and record.edit.note is not None:
            self.note, self.noted = record.edit.note, place
        if record.request is not None:
            self.requests[record.request] = place

    def copy(self) -> State:
        """The same, that stays as it is; without counts."""
        return replace(
            self, labels=self.labels.copy(order="K"), tally=Tally(self.labels.shape), objects=dict(self.objects),
            notes=dict(self.notes), undo=list(self.undo), redo=list(self.redo), requests=dict(self.requests),
        )  # fmt: skip

    def now_after(self, status: Status, change: Change | None, *, backwards: bool = False) -> Now:
        """What the list of cases will show after a change."""
        count = len(self.objects)
        for one in change.objects if change else ():
            count += (
                (one.after is not None) - (one.before is not None)
                if not backwards
                else ((one.before is not None) - (one.after is not None))
            )
        return Now(status=status, objects=count, noted=self.noted)

    def _expects(self, kind: str, record: Record) -> bool:
        stack = {"undo": self.undo, "redo": self.redo}.get(kind)
        if stack is not None and (not stack or stack[-1][0] != record.took):
            return False
        return record.revision == self.revision + (kind != "start")

    def _fits(self, change: Change) -> bool:
        if change.delta is None:
            return True
        try:
            return change.delta.fits(self.labels) and change.delta.values.shape == change.delta.shape
        except ValueError:
            return False

    def _apply(self, change: Change, *, backwards: bool) -> None:
        if change.delta is not None:
            box = change.delta.box
            before = self.labels[box].copy(order="K")
            after = before ^ change.delta.values
            self.tally.add(before, change.delta.low, -1)
            self.tally.add(after, change.delta.low)
            self.labels[box] = after
        for one in change.objects:
            _put(self.objects, one.object, one.before if backwards else one.after)
        for at in change.notes:
            _put(self.notes, (at.object, at.plane, at.index), at.before if backwards else at.after)


def _put(table: dict[Any, Any], key: Any, value: Any) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value
