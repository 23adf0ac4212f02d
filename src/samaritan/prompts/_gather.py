"""From what a person said, piece by piece, to the questions a model is asked: one per target and slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Box, Points, PromptError, PromptSet, SliceView
from samaritan.prompts._target import TargetPrompt

#: More prompts than this are a mistake, or an attack; so are boxes that cross more slices than this in all.
MOST_PROMPTS = 10_000
MOST_QUESTIONS = 100_000


def to_prompt_sets(
    items: Sequence[TargetPrompt], view: SliceView, *, keep_depth: bool = False
) -> dict[str, list[PromptSet]]:
    """Unite the prompts of each target on each slice, in voxel positions of the volume.

    All points, the box and the rough mask of a target on one slice make one PromptSet. A target with several boxes on a slice
    has one PromptSet for each, and a point joins the box that it lies in or is nearest to.

    Args:
        items: the prompts, in any order.
        view: the plane that "x, y, slice" mean, and the volume's grid.
        keep_depth: a box that crosses several slices stays one PromptSet, before the others, instead of a box on each slice.

    Returns:
        Target -> its PromptSets, slices ascending; targets in the order in which they were first named.

    Raises:
        PromptError: there is no prompt, or too many; one lies outside the image; prompts of one target on one slice
            contradict each other, or say only where it is not.
    """
    check_count(items, "The prompts")
    slices: dict[str, dict[int, list[PromptSet]]] = {item.target: {} for item in items}
    deep: dict[str, list[Box]] = {item.target: [] for item in items}
    questions = 0
    for item in items:
        box = item.deep_box(view) if keep_depth else None
        if box is not None:
            deep[item.target].append(box)
            continue
        for index, piece in item.on_slices(view):
            questions += 1
            if questions > MOST_QUESTIONS:
                raise PromptError(
                    f"The prompts ask on more than {MOST_QUESTIONS} slices in all; give fewer or thinner boxes."
                )
            slices[item.target].setdefault(index, []).append(piece)
    return {
        target: [PromptSet(box=box, text=target) for box in deep[target]]
        + [
            view.lift(replace(united, text=target), index)
            for index in sorted(found)
            for united in _unite(found[index], target, index, view, covered=_covered(deep[target], index, view))
        ]
        for target, found in slices.items()
    }


def check_count(items: Sequence[TargetPrompt], origin: str) -> None:
    """Refuse nothing, and too much.

    Raises:
        PromptError: no prompt at all, or more than 10,000.
    """
    if not items:
        raise PromptError(f"{origin} ask for nothing; give at least one box, point or mask.")
    if len(items) > MOST_PROMPTS:
        raise PromptError(f"{origin} are {len(items)} points and boxes; at most {MOST_PROMPTS} are taken.")


def _covered(boxes: Sequence[Box], index: int, view: SliceView) -> bool:
    """Whether a slice is crossed by one of the boxes, so that other prompts there say something about what it finds."""
    depths = (view.to_picture(np.stack([box.lo, box.hi]))[:, 2] for box in boxes)
    return any(index in view.crossed(ends.min(), ends.max()) for ends in depths)


def _unite(pieces: Sequence[PromptSet], target: str, index: int, view: SliceView, *, covered: bool) -> list[PromptSet]:
    """PromptSets at (x, y, 0) of one slice, one for each box (or one without a box)."""
    where = f"Target {target!r} on slice {index}" if view.count > 1 else f"Target {target!r}"
    points = _join([piece.points for piece in pieces if piece.points is not None])
    boxes = [piece.box for piece in pieces if piece.box is not None]
    masks = [piece.mask for piece in pieces if piece.mask is not None]
    _check(points, len(boxes), len(masks), where, view.count, covered=covered)
    hint = masks[0] if masks else None
    if len(boxes) <= 1:
        return [PromptSet(points, boxes[0] if boxes else None, hint)]
    owners = nearest_box(points, boxes)
    return [PromptSet(some_points(points, owners == number), box) for number, box in enumerate(boxes)]


def _check(points: Points | None, boxes: int, masks: int, where: str, count: int, *, covered: bool) -> None:
    seen: dict[tuple[float, ...], int] = {}
    for place, label in zip(points.ijk.tolist(), points.labels.tolist(), strict=True) if points else ():
        if seen.setdefault(tuple(place), label) != label:
            raise PromptError(f"{where} has a point at {place[:2]} that is both target and background.")
    if seen and not (boxes or masks or covered or any(seen.values())):
        raise PromptError(f"{where} has background points only; add a point inside the target, or a box.")
    if masks > 1 or (masks and boxes > 1):
        raise PromptError(
            f"{where} has a mask beside another mask or several boxes; give one mask and at most one box."
        )
    if masks and count > 1 and not (seen or boxes):
        raise PromptError(f"{where} has a mask alone; in a volume give a point or a box on the same slice with it.")


def nearest_box(points: Points | None, boxes: Sequence[Box]) -> NDArray[np.int64]:
    """For each point the number of the box that it lies in or is nearest to, the first of equals."""
    places = points.ijk if points else np.empty((0, 3))
    owners, nearest = np.zeros(len(places), np.int64), np.full(len(places), np.inf)
    for number, box in enumerate(boxes):
        apart = np.linalg.norm(np.maximum(np.maximum(box.lo - places, places - box.hi), 0), axis=1)
        owners[apart < nearest] = number
        nearest = np.minimum(nearest, apart)
    return owners


def some_points(points: Points | None, chosen: NDArray[np.bool_]) -> Points | None:
    """Those of the points that are chosen; None instead of no points."""
    return Points(points.ijk[chosen], points.labels[chosen]) if points and chosen.any() else None


def _join(points: Sequence[Points]) -> Points | None:
    if not points:
        return None
    return Points(np.vstack([point.ijk for point in points]), np.concatenate([point.labels for point in points]))
