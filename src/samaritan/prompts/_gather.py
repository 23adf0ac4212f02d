"""From what a person said, piece by piece, to the questions a model is asked: one per target and slice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from samaritan.core import Box, Points, PromptError, PromptSet, SliceView
from samaritan.prompts._target import MOST_POINTS, TargetPrompt


def to_prompt_sets(items: Sequence[TargetPrompt], view: SliceView) -> dict[str, list[PromptSet]]:
    """Unite the prompts of each target on each slice, in voxel positions of the volume.

    All points, the box and the rough mask of a target on one slice make one PromptSet. A target with several boxes on a slice
    has one PromptSet for each, and a point joins the box that it lies in or is nearest to.

    Args:
        items: the prompts, in any order.
        view: the plane that "x, y, slice" mean, and the volume's grid.

    Returns:
        Target -> its PromptSets, slices ascending; targets in the order in which they were first named.

    Raises:
        PromptError: there is no prompt, or too many points; one lies outside the image; prompts of one target on one slice
            contradict each other, or say only where it is not.
    """
    check_count(items, "The prompts")
    slices: dict[str, dict[int, list[PromptSet]]] = {}
    for item in items:
        for index, piece in item.on_slices(view):
            slices.setdefault(item.target, {}).setdefault(index, []).append(piece)
    return {
        target: [
            view.lift(united, index) for index in sorted(found) for united in _unite(found[index], target, index, view)
        ]
        for target, found in slices.items()
    }


def check_count(items: Sequence[TargetPrompt], origin: str) -> None:
    """Refuse nothing, and too much.

    Raises:
        PromptError: no prompt at all, or more than 10,000 points.
    """
    if not items:
        raise PromptError(f"{origin} ask for nothing; give at least one box, point or mask.")
    count = sum(item.point is not None for item in items)
    if count > MOST_POINTS:
        raise PromptError(f"{origin} have {count} points; at most {MOST_POINTS} are taken.")


def _unite(pieces: Sequence[PromptSet], target: str, index: int, view: SliceView) -> list[PromptSet]:
    """PromptSets at (x, y, 0) of one slice, one for each box (or one without a box)."""
    where = f"Target {target!r} on slice {index}" if view.count > 1 else f"Target {target!r}"
    points = [piece.points for piece in pieces if piece.points is not None]
    boxes = [piece.box for piece in pieces if piece.box is not None]
    masks = [piece.mask for piece in pieces if piece.mask is not None]
    _check(points, boxes, len(masks), where, view.count)
    owners = [_nearest_box(point, boxes) for point in points]
    united = []
    for number in range(max(len(boxes), 1)):
        own = [point for point, owner in zip(points, owners, strict=True) if owner == number]
        united.append(PromptSet(_join(own), boxes[number] if boxes else None, masks[0] if masks else None))
    return united


def _check(points: Sequence[Points], boxes: Sequence[Box], masks: int, where: str, count: int) -> None:
    seen: dict[tuple[float, ...], int] = {}
    for point in points:
        label = int(point.labels[0])
        if seen.setdefault(tuple(point.ijk[0].tolist()), label) != label:
            raise PromptError(f"{where} has a point at {point.ijk[0, :2].tolist()} that is both target and background.")
    if points and not (boxes or masks or any(seen.values())):
        raise PromptError(f"{where} has background points only; add a point inside the target, or a box.")
    if masks > 1 or (masks and len(boxes) > 1):
        raise PromptError(
            f"{where} has a mask beside another mask or several boxes; give one mask and at most one box."
        )
    if masks and count > 1 and not (points or boxes):
        raise PromptError(f"{where} has a mask alone; in a volume give a point or a box on the same slice with it.")


def _nearest_box(point: Points, boxes: Sequence[Box]) -> int:
    """Which box a point lies in or is nearest to, the first of equals; 0 where there is none."""
    place = point.ijk[0]
    apart = [float(np.linalg.norm(np.maximum(np.maximum(box.lo - place, place - box.hi), 0))) for box in boxes]
    return int(np.argmin(apart)) if apart else 0


def _join(points: Sequence[Points]) -> Points | None:
    if not points:
        return None
    return Points(np.vstack([point.ijk for point in points]), np.concatenate([point.labels for point in points]))
