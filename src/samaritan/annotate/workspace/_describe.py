"""A case in the words of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from samaritan.annotate.engine.requests import SliceAnswer
from samaritan.annotate.messages import (
    Answer,
    Ask,
    Asked,
    CaseDetail,
    Edited,
    ExportFormat,
    Mark,
    ObjectState,
    Patch,
    PlaneName,
)
from samaritan.annotate.workspace import _prompts
from samaritan.annotate.workspace._edits import Context
from samaritan.annotate.workspace._found import Found
from samaritan.annotate.workspace._journal import Journal
from samaritan.annotate.workspace._opening import Opened
from samaritan.annotate.workspace._project import Project
from samaritan.annotate.workspace._records import Change, Record
from samaritan.annotate.workspace._state import Step
from samaritan.annotate.workspace.shown import PLANE_AXES, plane_name
from samaritan.core import ResourceError, SliceView


def of_state(opened: Opened) -> dict[str, Any]:
    """What the list of cases shows of an open case."""
    state = opened.state
    return {"status": state.status, "objects": len(state.objects), "revision": state.revision, "note": state.note}


def is_volume(opened: Opened) -> bool:
    """Whether an open case is more than a picture."""
    return min(opened.image.grid.native.shape) > 1


def of_journal(journal: Journal) -> dict[str, Any]:
    """What the list of cases shows of a case that is not open, from the last line of its journal."""
    last = journal.last()
    if last is None:
        return {"status": "open", "objects": 0, "revision": 0}
    note = last.edit.note if isinstance(last.edit, Mark) else None
    if note is None and last.now.noted is not None:
        try:
            marked = journal.read(last.now.noted).edit
        except ResourceError:  # said when the case is opened
            marked = None
        note = marked.note if isinstance(marked, Mark) else None
    return {"status": last.now.status, "objects": last.now.objects, "revision": last.revision, "note": note or ""}


def detail(found: Found, opened: Opened, project: Project) -> CaseDetail:
    """Everything about an open case but its arrays."""
    state, image = opened.state, opened.image
    grid = image.grid
    forms = get_args(ExportFormat)
    return CaseDetail(
        case=found.case, name=found.name, status=state.status, note=state.note, revision=state.revision,
        undo=_name(state.undo), redo=_name(state.redo), shape=grid.geometry.shape,
        affine=tuple(tuple(float(value) for value in row) for row in grid.geometry.affine),
        spacing=grid.geometry.spacing, unit=grid.native.unit, orientation=grid.native.orientation, colour=image.colour,
        modality=image.like.modality, plane=plane_name(SliceView.of(grid.native).plane), presets=image.presets,
        objects=objects(opened, project), asked=asked(opened), proposal=found.case in project.proposals,
        formats=tuple(form for form in forms if form != "dicom-seg" or image.is_dicom),
        warnings=tuple(map(project.plain, opened.warnings)),
    )  # fmt: skip


def edited(opened: Opened, project: Project, record: Record, taken: Change | None, warnings: Sequence[str]) -> Edited:
    """The answer to an edit whose record is ``record``; ``taken`` is the change that an undo or redo was about."""
    state = opened.state
    return Edited(
        revision=state.revision, undo=_name(state.undo), redo=_name(state.redo), status=state.status,
        note=state.note, objects=objects(opened, project), asked=asked(opened),
        patches=_patches(opened, taken or record.change), answer=record.answer, warnings=tuple(warnings),
    )  # fmt: skip


def answer(edit: Any, context: Context) -> Answer | None:
    """What the model said about an ask."""
    said = context.answer
    if not isinstance(edit, Ask) or not isinstance(said, SliceAnswer):
        return None
    native = _prompts.lower(context.grid, edit.plane, edit.prompts).index
    return Answer(
        object=edit.object, plane=edit.plane, index=context.grid.index(edit.plane, native), qualities=said.qualities,
        candidate=edit.candidate or 0, encoded=said.encoded, seconds=said.seconds,
    )  # fmt: skip


def asked(opened: Opened) -> tuple[Asked, ...]:
    """All prompts, slice by slice."""
    return tuple(
        Asked(object=number, plane=plane, index=index, prompts=note.prompts)
        for (number, plane, index), note in sorted(opened.state.notes.items(), key=lambda item: item[0])
        if note.prompts is not None
    )


def objects(opened: Opened, project: Project) -> tuple[ObjectState, ...]:
    """All objects with their sizes."""
    return tuple(
        _object(number, label, opened, project)
        for number, label in sorted(project.labels.named(opened.state.objects).items())
    )


def _object(number: int, label: str, opened: Opened, project: Project) -> ObjectState:
    grid, tally = opened.image.grid, opened.state.tally
    voxels = tally.voxels(number)
    slices: dict[PlaneName, tuple[int, int]] = {}
    extent = [0.0, 0.0, 0.0]
    for plane, axis in PLANE_AXES.items():
        if span := tally.span(number, grid.axes[axis]):
            ends = sorted(grid.index(plane, index) for index in span)
            slices[plane] = (ends[0], ends[1])
            extent[axis] = (ends[1] - ends[0] + 1) * grid.geometry.spacing[axis]
    in_mm = grid.native.unit == "mm"
    return ObjectState(
        object=number, label=label, colour=project.labels.colour(label), voxels=voxels,
        volume_ml=voxels * grid.native.voxel_volume / 1000 if in_mm else None,
        extent=(extent[0], extent[1], extent[2]) if voxels else None, slices=slices,
    )  # fmt: skip


def _patches(opened: Opened, change: Change | None) -> tuple[Patch, ...]:
    if change is None or change.delta is None:
        return ()
    return (opened.image.grid.patch(opened.state.labels, change.delta.low, change.delta.shape),)


def _name(stack: Sequence[Step]) -> str | None:
    """The name of the last edit of a stack."""
    return stack[-1][1] if stack else None
