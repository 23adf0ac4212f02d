"""What a person drew, in millimetres, as prompts on one native slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.messages import Mm, PlaneName, Prompts
from samaritan.annotate.workspace._raster import polygon
from samaritan.annotate.workspace.shown import ShownGrid
from samaritan.core import Box, MaskHint, Points, PromptError, PromptSet

#: A scribble stands for one point in so many pixels of its length, at least two and at most :data:`_MOST_OF_SCRIBBLE`.
_PIXELS_PER_POINT = 12.0
_MOST_OF_SCRIBBLE = 8

#: Positions may lie so far (voxels) beyond the edge, since millimetres are rounded on their way.
_SLACK = 0.01


@dataclass(frozen=True, eq=False)
class Drawn:
    """Attributes: ``index``, the native slice; ``prompts`` at (x, y, 0) of its picture."""

    index: int
    prompts: PromptSet


def lower(grid: ShownGrid, plane: PlaneName, prompts: Prompts) -> Drawn:
    """All prompts of one slice: scribbles become points along them, a lasso a mask hint with the box around it.

    A box or lasso that reaches over the edge of the image is cut there.

    Raises:
        PromptError: there is no prompt, they lie on several slices, or outside the image.
    """
    single = [(point.at, point.positive) for point in prompts.points]
    lines = [(_places(grid, plane, scribble.path), scribble.positive) for scribble in prompts.scribbles]
    points = _places(grid, plane, [at for at, _ in single])
    corners = _places(grid, plane, (prompts.box.a, prompts.box.b) if prompts.box else ())
    ring = _places(grid, plane, prompts.lasso)
    index = one_slice(grid, plane, np.concatenate([points, *(line for line, _ in lines), corners, ring]))
    _check_inside(grid, plane, "point", points)
    for line, _ in lines:
        _check_inside(grid, plane, "scribble", line)
    signs = [positive for _, positive in single]
    spots = [points]
    for line, positive in lines:
        spots.append(along(line))
        signs += [positive] * len(spots[-1])
    places = np.concatenate(spots)
    hint, box = _lasso(grid, plane, ring), _box(grid, plane, "box", corners)
    return Drawn(
        index,
        PromptSet(
            points=Points(_flat(places), np.array(signs, int)) if len(places) else None,
            box=box or _box(grid, plane, "lasso", ring),
            mask=hint,
        ),
    )


def one_slice(grid: ShownGrid, plane: PlaneName, places: NDArray[np.float64]) -> int:
    """The native slice that all positions (x, y, slice) are nearest to.

    Raises:
        PromptError: there is none, they lie on several, or outside the image.
    """
    view = grid.views[plane]
    if not len(places):
        raise PromptError("There is no prompt; give a point, a box, a scribble or a lasso.")
    depth = places[:, 2]
    if depth.min() < -0.5 - _SLACK or depth.max() > view.count - 0.5 + _SLACK:
        raise PromptError(f"The place lies outside the image, which has {view.count} {plane} slices.")
    found = sorted({view.nearest(z) for z in depth})
    if found[-1] - found[0] > (1 if np.ptp(depth) < 2 * _SLACK else 0):
        raise PromptError(f"The prompts lie on several {plane} slices; draw on one slice at a time.")
    return view.nearest(float(np.median(depth)))


def to_picture(grid: ShownGrid, plane: PlaneName, path: Sequence[Mm]) -> NDArray[np.float64]:
    """(n, 3) RAS+ mm -> (n, 3) positions (x, y, slice)."""
    return grid.views[plane].to_picture(grid.native.to_voxel(np.asarray(path, float).reshape(-1, 3)))


def along(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """A few positions, evenly along a line of (x, y, ...) positions, its ends a little inside."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line[:, :2], axis=0), axis=1))])
    if lengths[-1] < 1:
        return line[len(line) // 2 :][:1]
    count = int(np.clip(round(lengths[-1] / _PIXELS_PER_POINT), 2, _MOST_OF_SCRIBBLE))
    wanted = (np.arange(count) + 0.5) / count * lengths[-1]
    return np.column_stack([np.interp(wanted, lengths, line[:, axis]) for axis in range(line.shape[1])])


def _places(grid: ShownGrid, plane: PlaneName, path: Sequence[Mm]) -> NDArray[np.float64]:
    return to_picture(grid, plane, path)


def _check_inside(grid: ShownGrid, plane: PlaneName, what: str, places: NDArray[np.float64]) -> None:
    """Refuse what lies outside; put what is a rounding away back inside."""
    highest = np.array(grid.views[plane].shape) - 0.5
    if len(places) and ((places[:, :2] < -0.5 - _SLACK).any() or (places[:, :2] > highest + _SLACK).any()):
        raise PromptError(f"The {what} lies outside the image; draw inside it.")
    np.clip(places[:, :2], -0.5, highest, out=places[:, :2])


def _box(grid: ShownGrid, plane: PlaneName, what: str, places: NDArray[np.float64]) -> Box | None:
    """The box around the positions, cut at the edge of the picture."""
    if not len(places):
        return None
    size = np.array(grid.views[plane].shape, float)
    low, high = places[:, :2].min(axis=0), places[:, :2].max(axis=0)
    if (high < -0.5).any() or (low > size - 0.5).any():
        raise PromptError(f"The {what} lies outside the image; draw inside it.")
    return Box(np.clip(low, 0, size - 1), np.clip(high, 0, size - 1))


def _lasso(grid: ShownGrid, plane: PlaneName, ring: NDArray[np.float64]) -> MaskHint | None:
    if not len(ring):
        return None
    return MaskHint.from_mask(polygon(ring[:, :2], grid.views[plane].shape))


def _flat(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) positions of one slice -> (n, 2)."""
    return places[:, :2]
