"""What the label array would hold after an edit: computed beside it, so that a refused edit leaves it as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.messages import Patch, PlaneName
from samaritan.annotate.workspace._delta import Delta
from samaritan.annotate.workspace._state import State
from samaritan.annotate.workspace.shown import ShownGrid
from samaritan.core import InputError, SliceView

#: "empty" leaves the voxels of other objects alone, "all" takes them.
Over = Literal["empty", "all"]


@dataclass(frozen=True, eq=False)
class Pen:
    """Draws one object on slices of one plane.

    Attributes:
        state: of the case, not changed.
        grid: of the case.
        plane: of the slices; they are numbered on the native grid.
        number: of the object.
    """

    state: State
    grid: ShownGrid
    plane: PlaneName
    number: int

    def mask(self, index: int) -> NDArray[np.bool_]:
        """(x, y) bool: the object on a slice."""
        return np.asarray(self.grid.views[self.plane].slice(self.state.labels, index) == self.number)

    def replace(
        self, masks: Mapping[int, NDArray[np.bool_]], over: Over, free: NDArray[np.bool_] | None = None
    ) -> Delta | None:
        """The object's masks on some slices become ``masks``.

        Args:
            masks: slice -> (x, y) bool.
            over: which voxels may be taken.
            free: (x, y) bool, the pixels that may change; None: all.

        Raises:
            InputError: a mask is of another grid.
        """
        if not masks:
            return None
        view = self.grid.views[self.plane]
        check_masks(view, masks)
        axis, first = view.axes[2], min(masks)
        place: list[Any] = [slice(None)] * 3
        place[axis] = slice(first, max(masks) + 1)
        before = self.state.labels[tuple(place)]
        after = before.copy(order="K")
        for index, mask in masks.items():
            self._put(view.slice(after, index - first), mask, over, free)
        low = [0, 0, 0]
        low[axis] = first
        return Delta.between(before, after, tuple(low))

    def _put(
        self, here: NDArray[np.uint8], wanted: NDArray[np.bool_], over: Over, free: NDArray[np.bool_] | None
    ) -> None:
        """Make ``wanted`` the object's mask on one slice, in place."""
        turned = np.empty_like(here, bool)  # in the order in which the voxels lie, which is several times as fast
        turned[...] = wanted
        own = here == self.number
        lost = own & ~turned
        gained = turned & (here == 0) if over == "empty" else turned
        if free is not None:
            gained, lost = gained & free, lost & free
        np.copyto(here, 0, where=lost)
        np.copyto(here, self.number, where=gained)


def check_masks(view: SliceView, masks: Mapping[int, NDArray[np.bool_]]) -> None:
    """Refuse slice -> (x, y) masks that do not lie on the case's grid; the model may have read another file by now.

    Raises:
        InputError: with both sizes.
    """
    for index, mask in masks.items():
        if mask.shape != view.shape or not 0 <= index < view.count:
            raise InputError(
                f"The mask of slice {index} has shape {mask.shape}; the case has {view.count} {view.plane} slices of "
                f"{view.shape}. If the image was replaced, put the earlier one back, or start the annotator again."
            )


def whole_slice(grid: ShownGrid, plane: PlaneName, index: int, mask: NDArray[np.bool_]) -> Patch:
    """(x, y) bool mask of a native slice for the page; raises as :func:`check_masks`."""
    check_masks(grid.views[plane], {index: mask})
    return grid.slice_patch(plane, index, mask)


def without(state: State, number: int) -> Delta | None:
    """The object loses all its voxels."""
    spans = [span for axis in range(3) if (span := state.tally.span(number, axis)) is not None]
    if not spans:
        return None
    box = tuple(slice(first, last + 1) for first, last in spans)
    before = state.labels[box]
    return Delta.between(before, np.where(before == number, np.uint8(0), before), tuple(part.start for part in box))


def fill_empty(state: State, masks: Mapping[int, NDArray[np.bool_]], *, cleared: bool) -> Delta | None:
    """Each object gets the empty voxels of its (i, j, k) bool mask; the first one where two want the same.

    Args:
        state: of the case, not changed.
        masks: object -> mask.
        cleared: take all voxels for empty.
    """
    after = np.zeros_like(state.labels) if cleared else state.labels.copy(order="K")
    for number, mask in masks.items():
        after[mask & (after == 0)] = number
    return Delta.between(state.labels, after, (0, 0, 0))
