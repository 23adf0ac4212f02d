"""What a MONAI Label client asks: places are voxel indices (i, j, k) of the file that it was given, slices lie along k.

3D Slicer and MITK turn a click into the index of the image that they loaded, OHIF into the index of its volume; none of them
sends LPS or RAS positions. ``roi`` is Slicer's [i0, i1, j0, j1, k0, k1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import ImageRef, SliceQuestion, VolumeQuestion
from samaritan.annotate.messages import PlaneName
from samaritan.core import Box, Geometry, Points, PromptError, PromptSet, SliceView, UsageError

#: Clicks of one question; as many as the page takes on one slice.
MOST_POINTS = 200

_PLANES: tuple[PlaneName, ...] = ("axial", "coronal", "sagittal")


@dataclass(frozen=True, eq=False)
class Said:
    """All that a client says about one object.

    Attributes:
        points: (n, 3) voxel indices.
        positive: (n,) bool.
        roi: (2, 3), the two corners of a box, or None.
        slice: the slice that the client names, or None.
        label: name of the object's label.
    """

    points: NDArray[np.float64]
    positive: NDArray[np.bool_]
    roi: NDArray[np.float64] | None
    slice: int | None
    label: str

    @property
    def on_slice(self) -> int:
        """The slice that one click, or a box, is about: the named one, else that of the last positive click.

        Raises:
            PromptError: nothing was said.
        """
        if self.slice is not None:
            return self.slice
        if len(self.points):
            chosen = self.points[self.positive] if self.positive.any() else self.points
            return round(float(chosen[-1, 2]))
        if self.roi is not None:
            return round(float(self.roi[:, 2].mean()))
        raise PromptError("Nothing was said about the object; give a point inside it, or a box (roi).")


def read(params: Mapping[str, Any]) -> Said:
    """What stands in the ``params`` of a request.

    Raises:
        UsageError: a field is not what the protocol says.
    """
    label = params.get("label")
    label = label if isinstance(label, str) and label.strip() else "object"
    inside = _places(params.get("foreground"), "foreground")
    outside = _places(params.get("background"), "background")
    if isinstance(params.get(label), list):  # as for a "deepedit" model: the label's own name holds its points
        inside = np.concatenate([inside, _places(params[label], label)])
    if len(inside) + len(outside) > MOST_POINTS:
        raise UsageError(f"{len(inside) + len(outside)} points were given; at most {MOST_POINTS} are taken.")
    positive = np.repeat([True, False], [len(inside), len(outside)])
    index = params.get("slice")
    if index is not None and (not isinstance(index, int) or isinstance(index, bool)):
        raise UsageError(f"slice must be the number of a slice; received {index!r}.")
    return Said(np.concatenate([inside, outside]), positive, _roi(params.get("roi")), index, label)


def _places(value: Any, name: str) -> NDArray[np.float64]:
    """(n, 3); pictures may leave the third index out, or give it as 0."""
    if value is None or value == []:
        return np.empty((0, 3))
    try:
        places = np.array([list(place) for place in value], float)
    except (TypeError, ValueError):
        places = np.empty(0)
    if places.ndim == 2 and places.shape[1] == 2:
        places = np.column_stack([places, np.zeros(len(places))])
    if places.ndim != 2 or places.shape[1] != 3 or not np.isfinite(places).all():
        raise UsageError(f"{name} must be a list of voxel indices [i, j, k].")
    return places


def _roi(value: Any) -> NDArray[np.float64] | None:
    if value is None or value == []:
        return None
    try:
        ends = np.array(value, float).reshape(3, 2).T
    except (TypeError, ValueError):
        ends = np.full((2, 3), np.nan)
    if not np.isfinite(ends).all():
        raise UsageError("roi must hold six voxel indices: [i0, i1, j0, j1, k0, k1].")
    return np.sort(ends, axis=0)


def stack(geometry: Geometry) -> SliceView:
    """The plane whose slices lie along the third voxel axis, as a client counts them."""
    return next(view for view in (SliceView.of(geometry, plane) for plane in _PLANES) if view.axes[2] == 2)


def slice_question(said: Said, image: ImageRef, geometry: Geometry, lane: str) -> SliceQuestion:
    """The question about one slice: its clicks, and the box as it crosses it.

    Raises:
        PromptError: nothing was said about that slice, or it lies outside the image.
    """
    view, index = stack(geometry), said.on_slice
    if not 0 <= index < view.count:
        raise PromptError(f"Slice {index} lies outside the image, whose slices are 0 to {view.count - 1}.")
    prompts = _lowered(said, view, index, said.roi)
    if prompts is None:
        raise PromptError(
            f"Nothing was said about the object on slice {index}; give a point on it, or a box (roi) that crosses it."
        )
    return SliceQuestion(image, view.plane, index, prompts, lane=lane)


def volume_question(said: Said, image: ImageRef, geometry: Geometry, lane: str) -> VolumeQuestion:
    """The question about the whole volume: slices with a positive click, and the middle one of a box, which also bounds it.

    Raises:
        PromptError: there is neither, or they lie outside the image.
    """
    view = stack(geometry)
    prompts = {index: found for index in said_slices(said) if (found := _lowered(said, view, index, None)) is not None}
    bounds = None
    if said.roi is not None:
        said_box = view.crossed(float(said.roi[0, 2]), float(said.roi[1, 2]))
        middle = round(float(said.roi[:, 2].mean()))
        boxed = _lowered(said, view, middle, said.roi)
        if boxed is None or not said_box:
            raise PromptError("The box (roi) lies outside the image.")
        first, last = said_box[0], said_box[-1]
        if beyond := [index for index in prompts if not first <= index <= last]:
            raise PromptError(
                f"The box (roi) ends the object at slices {first} and {last}, and a point lies on slice {beyond[0]}; "
                "make the box larger, or leave the point out."
            )
        prompts[middle], bounds = boxed, (first, last)
    if not prompts:
        raise PromptError("Nothing was said about the object; give a point inside it, or a box (roi).")
    return VolumeQuestion(image, view.plane, dict(sorted(prompts.items())), bounds=bounds, lane=lane)


def said_slices(said: Said, *, positive: bool = True) -> list[int]:
    """Slices with a positive click; with ``positive`` False those that have negative clicks alone, to be corrected later."""
    inside = {round(float(k)) for k in said.points[said.positive, 2]}
    outside = {round(float(k)) for k in said.points[~said.positive, 2]}
    return sorted(inside) if positive else sorted(outside - inside)


def correction(
    said: Said, asked: VolumeQuestion, geometry: Geometry, index: int, mask: NDArray[np.bool_]
) -> SliceQuestion:
    """The question about a slice that a propagation gave ``mask``, (x, y) bool, and of which parts do not belong to it."""
    prompts = _lowered(said, stack(geometry), index, None)
    assert prompts is not None  # noqa: S101 - it has negative clicks
    return SliceQuestion(asked.image, asked.plane, index, prompts, mask, several=False, lane=asked.lane)


def _lowered(said: Said, view: SliceView, index: int, roi: NDArray[np.float64] | None) -> PromptSet | None:
    """What was said about slice ``index``, at (x, y, 0) of its picture; None for nothing."""
    here = np.array([round(float(k)) == index for k in said.points[:, 2]], bool)
    points, labels = said.points[here], said.positive[here]
    box = None
    if roi is not None:
        ends, last = roi.copy(), np.array(view.geometry.shape) - 1
        ends[:, 2] = index
        if (ends[1] >= -0.5).all() and (ends[0] <= last + 0.5).all():
            inside = np.clip(ends, -0.5, last + 0.5)
            box = Box(inside[0], inside[1])
    if box is None and not len(points):
        return None
    prompt = PromptSet(Points(points, labels) if len(points) else None, box)
    return view.lower(prompt).get(index)


def with_fixed(asked: VolumeQuestion, fixed: Mapping[int, NDArray[np.bool_]]) -> VolumeQuestion:
    """The same question, with slices whose mask, (x, y) bool, is known."""
    return replace(asked, fixed=dict(fixed))
