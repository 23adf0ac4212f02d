"""From a person's prompts to questions for the model, and which slices its answer may change.

What a person did on a slice stays: a slice of the propagation's plane that was asked or painted keeps its mask, and so do the
voxels of slices that were asked or painted in the other planes. Slices beyond the bounds are not touched.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import Attention, ImageRef, SliceQuestion, VolumeAnswer, VolumeQuestion
from samaritan.annotate.messages import Ask, Focus, PlaneName, PreviewRequest, Propagate
from samaritan.annotate.workspace import _prompts
from samaritan.annotate.workspace._canvas import Pen
from samaritan.annotate.workspace._records import Note
from samaritan.annotate.workspace._state import State
from samaritan.annotate.workspace.shown import ShownGrid
from samaritan.core import Box, MaskHint, PromptError, PromptSet

#: The lane of questions whose masks are not kept.
PREVIEW = "preview"


def slice_question(
    state: State, grid: ShownGrid, image: ImageRef, asked: Ask | PreviewRequest, text: str | None = None
) -> SliceQuestion:
    """The question of an ask, or of a preview, for which the single answer is enough.

    Args:
        state: of the case.
        grid: of the case.
        image: of the case.
        asked: by a person.
        text: the object's label, for models that were taught names.

    Raises:
        PromptError: the prompts cannot be asked.
    """
    drawn = _prompts.lower(grid, asked.plane, asked.prompts)
    own = Pen(state, grid, asked.plane, asked.object).mask(drawn.index)
    prompts = PromptSet(drawn.prompts.points, drawn.prompts.box, drawn.prompts.mask, text)
    kept = isinstance(asked, Ask)
    return SliceQuestion(
        image, asked.plane, drawn.index, prompts, own if own.any() else None, several=kept,
        lane=f"{image.key}/{asked.object}" if kept else PREVIEW,
    )  # fmt: skip


def attention(grid: ShownGrid, image: ImageRef, focus: Focus) -> Attention:
    """Where the model is to look; raises PromptError for a place outside the image."""
    index = _prompts.one_slice(grid, focus.plane, _prompts.to_picture(grid, focus.plane, (focus.at,)))
    return Attention(image, focus.plane, index)


def volume_question(
    state: State, grid: ShownGrid, image: ImageRef, edit: Propagate, text: str | None = None
) -> VolumeQuestion:
    """The question of a propagation; raises as :func:`slice_question`."""
    first, last = bounds_of(grid, edit)
    prompts: dict[int, PromptSet] = {}
    fixed: dict[int, NDArray[np.bool_]] = {}
    pen = Pen(state, grid, edit.plane, edit.object)
    for index, note in _noted(state, grid, edit.object, edit.plane):
        if not first <= index <= last:
            continue
        mask = pen.mask(index)
        fixed[index] = mask
        if note.prompts is not None and not note.painted:
            drawn = _prompts.lower(grid, edit.plane, note.prompts).prompts
            prompts[index] = PromptSet(drawn.points, drawn.box, drawn.mask, text)
        elif mask.any():
            prompts[index] = PromptSet(None, _around(mask), MaskHint.from_mask(mask), text)
    if not prompts:
        raise PromptError(
            f"Nothing is drawn for this object on {edit.plane} slices{' between the bounds' if edit.bounds else ''}; "
            "give a prompt on one of them first."
        )
    return VolumeQuestion(
        image, edit.plane, prompts, fixed, (first, last) if edit.bounds else None, lane=f"{image.key}/{edit.object}"
    )


def propagated_slices(
    state: State, grid: ShownGrid, edit: Propagate, answer: VolumeAnswer
) -> dict[int, NDArray[np.bool_]]:
    """Native slice -> the mask that a propagation gives it; slices that stay as they are have no entry."""
    first, last = bounds_of(grid, edit)
    view = grid.views[edit.plane]
    noted = {index for index, _ in _noted(state, grid, edit.object, edit.plane)}
    span = state.tally.span(edit.object, view.axes[2])
    had = set(range(span[0], span[1] + 1)) if span else set()
    nothing = np.zeros(view.shape, bool)
    wanted = [index for index in sorted(had | set(answer.masks)) if first <= index <= last and index not in noted]
    return {index: answer.masks.get(index, nothing) for index in wanted}


def free_pixels(state: State, grid: ShownGrid, number: int, plane: PlaneName) -> NDArray[np.bool_] | None:
    """(x, y) bool: pixels of the slices of ``plane`` that lie on no slice drawn in another plane; None where all do."""
    view = grid.views[plane]
    kept = [np.zeros(view.shape[0], bool), np.zeros(view.shape[1], bool)]
    for other, along in grid.views.items():
        axis = along.axes[2]
        if other == plane or axis not in view.axes[:2]:
            continue
        side = view.axes.index(axis)
        for index, _ in _noted(state, grid, number, other):
            kept[side][view.shape[side] - 1 - index if view.flips[side] else index] = True
    if not (kept[0].any() or kept[1].any()):
        return None
    return ~(kept[0][:, None] | kept[1][None, :])


def bounds_of(grid: ShownGrid, edit: Propagate) -> tuple[int, int]:
    """First and last native slice that a propagation may change; raises PromptError for places outside the image."""
    if edit.bounds is None:
        return 0, grid.views[edit.plane].count - 1
    ends = [_prompts.one_slice(grid, edit.plane, _prompts.to_picture(grid, edit.plane, (end,))) for end in edit.bounds]
    return min(ends), max(ends)


def _noted(state: State, grid: ShownGrid, number: int, plane: PlaneName) -> Iterator[tuple[int, Note]]:
    """(native slice, note) of one object in one plane, ascending; not where the model was asked and found nothing.

    A slice that was erased to nothing is among them: a person says that the object is not there.
    """
    pen = Pen(state, grid, plane, number)
    found = [
        (grid.index(plane, index), note)
        for (owner, where, index), note in state.notes.items()
        if owner == number and where == plane
    ]
    for index, note in sorted(found, key=lambda pair: pair[0]):
        if note.painted or pen.mask(index).any():
            yield index, note


def _around(mask: NDArray[np.bool_]) -> Box:
    x, y = np.nonzero(mask)
    return Box((x.min(), y.min()), (x.max(), y.max()))
