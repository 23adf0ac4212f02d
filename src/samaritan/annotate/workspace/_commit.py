"""The next line of a case's journal, and the answer to a request that stands in it already."""

from __future__ import annotations

from samaritan.annotate.messages import Edited, EditRequest, Mark, Redo, Status, Undo
from samaritan.annotate.workspace import _describe
from samaritan.annotate.workspace._edits import Context, change_of
from samaritan.annotate.workspace._opening import Opened, timestamp
from samaritan.annotate.workspace._project import Project
from samaritan.annotate.workspace._records import Change, Record, canonical
from samaritan.core import InputError


def next_record(opened: Opened, request: EditRequest, context: Context) -> tuple[Record, Change | None]:
    """What is to be written, and for undo and redo the change that is taken back or done again.

    Every edit puts a case to work again, also one that was accepted: what was changed afterwards nobody has accepted.

    Raises:
        InputError: the edit cannot be done.
        ResourceError: the journal cannot be read.
    """
    state, edit = opened.state, request.edit
    status: Status = "work"
    change = taken = took = None
    if isinstance(edit, Mark):
        status = edit.status or state.status
    elif isinstance(edit, Undo | Redo):
        stack = state.undo if isinstance(edit, Undo) else state.redo
        if not stack:
            raise InputError(f"There is nothing to {edit.kind}.")
        took = stack[-1][0]
        taken = opened.journal.read(took).change
    else:
        change = change_of(edit, context)
    now = state.now_after(status, taken or change, backwards=isinstance(edit, Undo))
    record = Record(
        revision=state.revision + 1, time=timestamp(), request=request.request, edit=edit, change=change, took=took,
        answer=_describe.answer(edit, context), now=now,
    )  # fmt: skip
    return record, taken


def again(opened: Opened, project: Project, request: EditRequest) -> Edited:
    """The answer to a request that was done already: the case as it is now, with the part that the request changed.

    Raises:
        InputError: the request of that name was for another edit.
        ResourceError: the journal cannot be read.
    """
    record = opened.journal.read(opened.state.requests[request.request])
    if record.edit is None or canonical(record.edit) != canonical(request.edit):
        raise InputError("A request of this name was made already, for another edit; give every edit its own name.")
    taken = opened.journal.read(record.took).change if record.took is not None else None
    return _describe.edited(opened, project, record, taken, [])
