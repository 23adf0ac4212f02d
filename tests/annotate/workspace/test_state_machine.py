"""Whatever a person does, and whenever the process is killed: the case is what a list of arrays says that it must be."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from numpy.typing import NDArray

from samaritan import io
from samaritan.annotate.messages import AddObject, Ask, Clear, Paint, Point, Prompts, Redo, RemoveObject, Undo
from samaritan.annotate.workspace import Workspace

from .conftest import SHAPE, Page, crash, grey, save_volume, slice_answer

#: The shown grid of the volume: its native axes run to the back, to the head and to the left.
SHOWN = (SHAPE[2], SHAPE[0], SHAPE[1])

voxels = st.tuples(*(st.integers(0, size - 1) for size in SHOWN))


@dataclass(frozen=True, eq=False)
class Model:
    """Shown labels, objects, and notes: (object, plane, slice) -> what was asked there, and whether it was painted."""

    labels: NDArray[np.uint8]
    objects: frozenset[int] = frozenset()
    notes: tuple[tuple[Any, Any], ...] = ()

    def equals(self, other: Model) -> bool:
        same = (self.objects, dict(self.notes)) == (other.objects, dict(other.notes))
        return same and np.array_equal(self.labels, other.labels)

    def noted(self, key: Any, value: Any) -> tuple[tuple[Any, Any], ...]:
        return tuple({**dict(self.notes), key: value}.items())


class Case(RuleBasedStateMachine):
    """The model keeps the past states, the present one, and those that were taken back."""

    @initialize()
    def start(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(
            "os.fsync", lambda _: None
        )  # the process is killed here, not the machine; test_journal counts them
        self.folder = Path(tempfile.mkdtemp())
        save_volume(self.folder / "in" / "ct.nii.gz", grey())
        self.past: list[Model] = []
        self.future: list[Model] = []
        self.now = Model(np.zeros(SHOWN, np.uint8))
        self.edits = 0
        self.open()

    def open(self) -> None:
        self.workspace = Workspace(self.folder / "in", self.folder / "out", ("liver",))
        self.page = Page(self.workspace.document(self.workspace.summaries()[0].case))

    def step(self, after: Model) -> None:
        """An edit that changes nothing counts, but is nothing to take back."""
        self.edits += 1
        if not after.equals(self.now):
            self.past.append(self.now)
            self.now = after
            self.future.clear()

    def an_object(self, data: st.DataObject) -> int:
        return int(data.draw(st.sampled_from(sorted(self.now.objects))))

    @precondition(lambda self: len(self.now.objects) < 3)
    @rule(data=st.data())
    def add(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted({1, 2, 3} - self.now.objects)))
        self.page.do(AddObject(kind="add-object", label="liver", object=number))
        self.step(replace(self.now, objects=self.now.objects | {number}))

    @precondition(lambda self: self.now.objects)
    @rule(at=voxels, size=st.integers(1, 5), data=st.data())
    def ask(self, at: tuple[int, int, int], size: int, data: st.DataObject) -> None:
        number = self.an_object(data)
        i, j, k = at
        prompts = Prompts(points=(Point(at=self.page.mm(*at)),))
        edit = Ask(kind="ask", object=number, plane="axial", prompts=prompts, over="all")
        wanted = np.zeros(SHOWN[:2], bool)
        wanted[i : i + size, j : j + size] = True
        question: Any = self.page.document.question(edit)
        assert (question.current is None) == (not (self.now.labels[:, :, k] == number).any())
        self.page.do(edit, slice_answer(wanted[::-1, ::-1]))  # a picture's x runs to the left, its y to the back
        after = self.now.labels.copy()
        here = after[:, :, k]
        here[here == number] = 0
        here[wanted] = number
        self.step(replace(self.now, labels=after, notes=self.now.noted((number, "axial", k), (at, False))))

    @precondition(lambda self: self.now.objects)
    @rule(at=voxels, erase=st.booleans(), data=st.data())
    def paint(self, at: tuple[int, int, int], erase: bool, data: st.DataObject) -> None:
        """A brush that is too small for more than the voxel under it."""
        number, mm = self.an_object(data), self.page.mm(*at)
        self.page.do(Paint(kind="paint", object=number, plane="coronal", path=(mm,), radius=0.1, erase=erase))
        after = self.now.labels.copy()
        if erase and after[at] == number:
            after[at] = 0
        elif not erase and not after[at]:
            after[at] = number
        changed = (after != self.now.labels).any()
        notes = self.now.noted((number, "coronal", at[1]), (None, True)) if changed else self.now.notes
        self.step(replace(self.now, labels=after, notes=notes))

    @precondition(lambda self: self.now.objects)
    @rule(data=st.data(), whole=st.booleans())
    def remove(self, data: st.DataObject, whole: bool) -> None:
        number = self.an_object(data)
        self.page.do(RemoveObject(kind="remove-object", object=number) if whole else Clear(kind="clear", object=number))
        self.step(
            Model(
                np.where(self.now.labels == number, np.uint8(0), self.now.labels),
                self.now.objects - {number} if whole else self.now.objects,
                tuple((key, value) for key, value in self.now.notes if key[0] != number),
            )
        )

    @precondition(lambda self: self.past)
    @rule()
    def undo(self) -> None:
        self.page.do(Undo(kind="undo"))
        self.edits += 1
        self.future.append(self.now)
        self.now = self.past.pop()

    @precondition(lambda self: self.future)
    @rule()
    def redo(self) -> None:
        self.page.do(Redo(kind="redo"))
        self.edits += 1
        self.past.append(self.now)
        self.now = self.future.pop()

    @rule()
    def save(self) -> None:
        self.workspace.save()
        (mask,) = (self.folder / "out" / "masks").glob("*") if self.edits else (None,)
        if mask is not None:
            saved = io.read_labels(mask)
            assert np.array_equal(np.unique(saved.data), np.unique(self.now.labels > 0))

    @rule()
    def reopen(self) -> None:
        self.workspace.close()
        self.open()

    @rule(torn=st.integers(0, 40))
    def kill(self, torn: int) -> None:
        """With the start of one more line that nobody was told about."""
        crash(self.workspace)
        for journal in (self.folder / "out" / "journal").glob("*.jsonl"):
            line = journal.read_bytes().splitlines()[-1]
            with journal.open("ab") as file:
                file.write(line[:torn])
        self.open()

    @invariant()
    def same(self) -> None:
        detail = self.page.document.detail()
        assert detail.revision == self.edits
        assert (detail.undo is not None, detail.redo is not None) == (bool(self.past), bool(self.future))
        assert np.array_equal(self.page.labels(), self.now.labels)
        assert {state.object: state.voxels for state in detail.objects} == {
            number: int((self.now.labels == number).sum()) for number in self.now.objects
        }
        asked = {(one.object, one.plane, one.index): one.prompts.points[0].at for one in detail.asked}
        assert asked == {key: self.page.mm(*at) for key, (at, _) in self.now.notes if at is not None}

    def teardown(self) -> None:
        if hasattr(self, "workspace"):
            self.workspace.close()
            shutil.rmtree(self.folder)
            self.patch.undo()


Case.TestCase.settings = settings(max_examples=10, stateful_step_count=16)
TestCase = Case.TestCase
