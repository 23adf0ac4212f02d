"""From what a person asked for to what it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate import messages
from samaritan.annotate.engine.requests import ChainEnd, SliceAnswer, VolumeAnswer
from samaritan.annotate.messages import MOST_OBJECTS, PlaneName, Prompts
from samaritan.annotate.workspace import _canvas, _prompts, _raster
from samaritan.annotate.workspace._labels import Labels
from samaritan.annotate.workspace._questions import free_pixels, propagated_slices
from samaritan.annotate.workspace._records import Change, Note, NoteChange, ObjectChange
from samaritan.annotate.workspace._state import Place, State
from samaritan.annotate.workspace.shown import ShownGrid
from samaritan.core import InputError, PromptError, UsageError


@dataclass(eq=False)
class Context:
    """What an edit may look at.

    Attributes:
        state: of the case, not changed.
        grid: of the case.
        labels: of the project.
        answer: of the model, for the edits that need one.
        proposal: reads what is proposed, label -> (i, j, k) bool.
        warnings: sentences that a person should see; filled here.
    """

    state: State
    grid: ShownGrid
    labels: Labels
    answer: SliceAnswer | VolumeAnswer | None = None
    proposal: Callable[[], Mapping[str, NDArray[np.bool_]]] = dict
    warnings: list[str] = field(default_factory=list)

    def label_of(self, number: int) -> str:
        """The object's label.

        Raises:
            InputError: there is no such object.
        """
        if number not in self.state.objects:
            known = ", ".join(map(str, sorted(self.state.objects))) or "none yet"
            raise InputError(f"There is no object {number} in this case; its objects are {known}.")
        return self.labels.current(self.state.objects[number])

    def pen(self, number: int, plane: PlaneName) -> _canvas.Pen:
        """Draws the object on slices of that plane."""
        return _canvas.Pen(self.state, self.grid, plane, number)

    def note(self, number: int, plane: PlaneName, native: int, after: Note | None) -> tuple[NoteChange, ...]:
        """The change of one note, on a native slice."""
        return self.note_at((number, plane, self.grid.index(plane, native)), after)

    def note_at(self, place: Place, after: Note | None) -> tuple[NoteChange, ...]:
        """The change of one note; nothing where it stays as it is."""
        before = self.state.notes.get(place)
        if before == after:
            return ()
        return (NoteChange(object=place[0], plane=place[1], index=place[2], before=before, after=after),)

    def prompts_at(self, number: int, plane: PlaneName, native: int) -> Prompts | None:
        """What was asked for on a native slice."""
        note = self.state.notes.get((number, plane, self.grid.index(plane, native)))
        return note.prompts if note else None


def change_of(edit: Any, context: Context) -> Change:
    """What ``edit`` changes; not for marks, undo and redo.

    Raises:
        InputError: it cannot be done.
        UsageError: it needs an answer of the model, which was not given.
    """
    return _KINDS[edit.kind](edit, context)


def _add_object(edit: messages.AddObject, context: Context) -> Change:
    context.labels.check(edit.label)
    number = edit.object or first_free(context.state.objects)
    if number in context.state.objects:
        raise InputError(f"Object {number} is there already; choose another number, or none.")
    return Change(name=f"add {edit.label}", objects=(ObjectChange(object=number, before=None, after=edit.label),))


def first_free(taken: Iterable[int]) -> int:
    """The smallest number that no object has.

    Raises:
        InputError: all are taken.
    """
    used = set(taken)
    free = next((number for number in range(1, MOST_OBJECTS + 1) if number not in used), None)
    if free is None:
        raise InputError(f"A case holds at most {MOST_OBJECTS} objects; remove one first.")
    return free


def _remove_object(edit: messages.RemoveObject, context: Context) -> Change:
    label = context.label_of(edit.object)
    return Change(
        name=f"remove {label}",
        delta=_canvas.without(context.state, edit.object),
        objects=(ObjectChange(object=edit.object, before=label, after=None),),
        notes=_no_notes(edit.object, context),
    )


def _no_notes(number: int, context: Context) -> tuple[NoteChange, ...]:
    own = sorted(place for place in context.state.notes if place[0] == number)
    return tuple(change for place in own for change in context.note_at(place, None))


def _relabel(edit: messages.Relabel, context: Context) -> Change:
    before = context.label_of(edit.object)
    context.labels.check(edit.label)
    name = f"{before} becomes {edit.label}"
    return Change(name=name, objects=(ObjectChange(object=edit.object, before=before, after=edit.label),))


def _ask(edit: messages.Ask, context: Context) -> Change:
    label = context.label_of(edit.object)
    if not isinstance(context.answer, SliceAnswer):
        raise UsageError("An ask needs the model's answer about its slice.")
    index = _prompts.lower(context.grid, edit.plane, edit.prompts).index
    chosen, count = edit.candidate or 0, len(context.answer.masks)
    if chosen >= count:
        raise PromptError(f"The model gave {count} candidates; number {chosen} (from 0) is none of them.")
    wanted = context.answer.masks[chosen]
    if not wanted.any():
        context.warnings.append("The model found nothing there; add a point or a box.")
    delta = context.pen(edit.object, edit.plane).replace({index: wanted}, edit.over)
    notes = context.note(edit.object, edit.plane, index, Note(prompts=edit.prompts))
    return Change(name=f"segment {label}", delta=delta, notes=notes)


def _paint(edit: messages.Paint, context: Context) -> Change:
    label = context.label_of(edit.object)
    path = _prompts.to_picture(context.grid, edit.plane, edit.path)
    index = _prompts.one_slice(context.grid, edit.plane, path)
    view = context.grid.views[edit.plane]
    stroke = _raster.brush(path[:, :2], edit.radius, view.spacing[:2], view.shape)
    if not stroke.any():
        raise PromptError("The stroke lies outside the image; draw inside it.")
    pen = context.pen(edit.object, edit.plane)
    own = pen.mask(index)
    delta = pen.replace({index: own & ~stroke if edit.erase else own | stroke}, edit.over)
    painted = Note(prompts=context.prompts_at(edit.object, edit.plane, index), painted=True)
    notes = context.note(edit.object, edit.plane, index, painted) if delta else ()
    return Change(name=f"{'erase' if edit.erase else 'paint'} {label}", delta=delta, notes=notes)


def _propagate(edit: messages.Propagate, context: Context) -> Change:
    label = context.label_of(edit.object)
    if not isinstance(context.answer, VolumeAnswer):
        raise UsageError("A propagation needs the model's answer about the volume.")
    masks = propagated_slices(context.state, context.grid, edit, context.answer)
    free = free_pixels(context.state, context.grid, edit.object, edit.plane)
    delta = context.pen(edit.object, edit.plane).replace(masks, edit.over, free)
    context.warnings += _ends(context.answer, context.grid, edit.plane)
    return Change(name=f"{label} through the volume", delta=delta)


def _ends(answer: VolumeAnswer, grid: ShownGrid, plane: PlaneName) -> list[str]:
    """Where the model lost the object, with the slices counted as the page does: on the shown grid, from 1."""
    return [_end(end, grid, plane) for end in answer.stops if not end.expected]


def _end(end: ChainEnd, grid: ShownGrid, plane: PlaneName) -> str:
    start, last, lost = (grid.index(plane, k) + 1 for k in (end.start, end.last, end.last + end.step))
    if start == last:
        return f"Not carried from {plane} slice {start} to {lost} ({end.reason})."
    return f"Carried from {plane} slice {start} to {last}, not to {lost} ({end.reason})."


def _clear(edit: messages.Clear, context: Context) -> Change:
    label = context.label_of(edit.object)
    if edit.at is None:
        delta, notes = _canvas.without(context.state, edit.object), _no_notes(edit.object, context)
        return Change(name=f"clear {label}", delta=delta, notes=notes)
    path = _prompts.to_picture(context.grid, edit.plane, (edit.at,))
    index = _prompts.one_slice(context.grid, edit.plane, path)
    nothing = np.zeros(context.grid.views[edit.plane].shape, bool)
    delta = context.pen(edit.object, edit.plane).replace({index: nothing}, "empty")
    notes = context.note(edit.object, edit.plane, index, None)
    return Change(name=f"clear {label} on a slice", delta=delta, notes=notes)


def _propose(edit: messages.Propose, context: Context) -> Change:
    """Empty voxels are filled, and a label that has a mask already keeps it as it is; or all masks make room first."""
    proposal = context.proposal()
    if not proposal and not edit.replace:
        raise InputError("Nothing is proposed for this case; improve the model first.")
    state, taken = context.state, context.labels.named(context.state.objects)
    masks, added = {}, []
    for proposed, mask in proposal.items():
        label = context.labels.current(proposed)
        own = [number for number, name in sorted(taken.items()) if name == label]
        if not edit.replace and any(state.tally.voxels(number) for number in own):
            context.warnings.append(f"{label} has a mask already, which was kept.")
            continue
        if not own:
            context.labels.check(label)
            own = [first_free(taken)]
            taken[own[0]] = label
            added.append(ObjectChange(object=own[0], before=None, after=label))
        masks[own[0]] = mask
    return Change(
        name="replace all masks" if edit.replace else "take the proposal",
        delta=_canvas.fill_empty(state, masks, cleared=edit.replace),
        objects=tuple(added),
        notes=tuple(note for number in taken for note in _no_notes(number, context)) if edit.replace else (),
    )


_KINDS: dict[str, Callable[[Any, Context], Change]] = {
    "add-object": _add_object,
    "remove-object": _remove_object,
    "relabel": _relabel,
    "ask": _ask,
    "paint": _paint,
    "propagate": _propagate,
    "clear": _clear,
    "propose": _propose,
}
