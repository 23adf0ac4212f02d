"""What a person asks for, where no reference knows the answer: points, boxes and rough masks of named targets.

Places are said in one of three frames. "picture" is what a viewer shows, (x to the right, y downwards, slice index) of the
chosen plane, as in :class:`samaritan.core.SliceView`; "voxel" is (i, j, k) as stored; "mm" is RAS+ world coordinates.
All count from 0 at the centre of a voxel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Box, MaskHint, Points, PromptError, PromptSet, SliceView, Term

Frame = Literal["picture", "voxel", "mm"]

#: What moves a terminal's cursor or changes its colours; line breaks and tabs do no harm.
COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

Place = tuple[float, ...]


@dataclass(frozen=True)
class Runs:
    """A rough mask of one slice, as run lengths.

    Attributes:
        shape: size (x, y) of the picture.
        lengths: of runs of equal pixels, background first, of the (x, y) array in C order (y runs fastest).
        slice: index of the slice, or None where there is only one.

    Raises:
        PromptError: the runs do not add up to the picture, or show no target.
    """

    shape: tuple[int, int]
    lengths: tuple[int, ...]
    slice: int | None = None

    def __post_init__(self) -> None:
        pixels = self.shape[0] * self.shape[1]
        if sum(self.lengths) != pixels or not sum(self.lengths[1::2]):
            raise PromptError(
                f"The runs of a mask must add up to its {self.shape[0]} x {self.shape[1]} = {pixels} pixels and show a target; "
                f"received {sum(self.lengths)} pixels, {sum(self.lengths[1::2])} of them target."
            )

    def mask(self) -> NDArray[np.bool_]:
        """(x, y) bool."""
        values = np.arange(len(self.lengths)) % 2 == 1
        return np.repeat(values, self.lengths).reshape(self.shape)


@dataclass(frozen=True)
class TargetPrompt:
    """One point, one box, one line or one rough mask for a target; exactly one of the four is given.

    Attributes:
        target: name of the target.
        origin: where it was said, for messages.
        frame: what the numbers mean.
        point: (x, y) or (x, y, slice); (i, j[, k]) or (x, y, z) in the other frames.
        label: of a point, 1 = belongs to the target, 0 = does not.
        box: smaller and larger corner, each as ``point``; a box with depth asks on every slice that it crosses.
        line: both ends of the largest diameter, as RECIST measures it, each as ``point``, on one slice. It becomes a square
            box around its middle, each side as long as the line, as in MedSAM2 (arXiv 2504.03600).
        mask: a rough mask, always in the picture frame.
        term: what the target is, in a coding scheme, where it was said.

    Raises:
        PromptError: the box is inverted, a number is not finite or there are too few or too many, or the name is empty.
    """

    target: str
    origin: str
    frame: Frame = "picture"
    point: Place | None = None
    label: int = 1
    box: tuple[Place, Place] | None = None
    mask: Runs | None = None
    line: tuple[Place, Place] | None = None
    term: Term | None = None

    def __post_init__(self) -> None:
        self._check_name()
        if sum(given is not None for given in (self.point, self.box, self.mask, self.line)) != 1:
            raise PromptError(f"{self.origin}: give exactly one of a point, a box, a line and a mask.")
        self._check_places([self.point] if self.point is not None else list(self.box or self.line or ()))
        if self.label not in (0, 1):
            raise PromptError(f"{self.origin}: a point's label is 1 (target) or 0 (background), not {self.label}.")
        if self.box and any(low > high for low, high in zip(*self.box, strict=True)):
            raise PromptError(
                f"{self.origin}: the box is inverted, from {list(self.box[0])} to {list(self.box[1])}; "
                "give the smaller corner first."
            )
        if self.line is not None and self.line[0] == self.line[1]:
            raise PromptError(f"{self.origin}: both ends of the line are one place; give the two ends of a diameter.")

    def _check_name(self) -> None:
        if not self.target.strip():
            raise PromptError(f"{self.origin}: the target's name is empty; give one or leave it out.")
        if any("\ud800" <= character <= "\udfff" for character in self.target):
            raise PromptError(f"{self.origin!r}: the target's name is not text in UTF-8; write it in another way.")
        if COMMANDS.search(self.target):
            raise PromptError(f"The name {self.target!r} holds characters that command a terminal; leave them out.")

    def _check_places(self, places: Sequence[Place]) -> None:
        allowed = (3,) if self.frame == "mm" else (2, 3)
        for place in places:
            if len(place) not in allowed or len(place) != len(places[0]) or not np.isfinite(place).all():
                raise PromptError(
                    f"{self.origin}: a place in the frame {self.frame!r} has {' or '.join(map(str, allowed))} finite "
                    f"coordinates, both corners of a box or ends of a line equally many; received {list(place)}."
                )
            if self.frame == "picture" and len(place) == 3 and place[2] != int(place[2]):
                raise PromptError(
                    f"{self.origin}: the third coordinate is the number of a slice, which is whole; received {place[2]:g}."
                )

    def on_slices(self, view: SliceView) -> Iterator[tuple[int, PromptSet]]:
        """(slice index, prompt at (x, y, 0)) for each slice of ``view`` that this asks on.

        Raises:
            PromptError: it lies outside the image, names no slice of several, or says millimetres of an image without.
        """
        if self.mask is not None:
            yield self._mask_on(self.mask, view)
        elif self.point is not None:
            place = self._in_picture([self.point], view)[0]
            yield view.nearest(place[2]), PromptSet(points=Points(place[:2], self.label))
        elif self.line is not None:
            yield self._square(self.line, view)
        elif self.box is not None:
            ends = self._in_picture(self.box, view)
            low, high = ends.min(axis=0), ends.max(axis=0)
            for index in view.crossed(low[2], high[2]):
                yield index, PromptSet(box=Box(low[:2], high[:2]))

    def deep_box(self, view: SliceView) -> Box | None:
        """The box in voxel positions of the volume if it crosses several slices of ``view``; raises as :meth:`on_slices`."""
        if self.box is None:
            return None
        ends = self._in_picture(self.box, view)
        low, high = ends.min(axis=0), ends.max(axis=0)
        if len(view.crossed(low[2], high[2])) < 2:
            return None
        corners = view.to_voxel(np.stack([low, high]))
        return Box(corners.min(axis=0), corners.max(axis=0))

    def _in_picture(self, places: Sequence[Place], view: SliceView) -> NDArray[np.float64]:
        """(n, 3) positions (x, y, slice), all inside."""
        found = self._to_picture(places, view)
        size = np.array([*view.shape, view.count])
        if (found < -0.5).any() or (found > size - 0.5).any():
            allowed = ", ".join(
                f"{axis} 0..{n - 1}" for axis, n in zip(("x", "y", "slice"), size.tolist(), strict=True)
            )
            seen = "" if self.frame == "picture" else f" (as picture: {np.round(found, 1).tolist()})"
            raise PromptError(f"{self.origin}: {list(map(list, places))}{seen} lies outside the image, {allowed}.")
        return found

    def _to_picture(self, places: Sequence[Place], view: SliceView) -> NDArray[np.float64]:
        if self.frame == "mm":
            if view.geometry.unit == "px":
                raise PromptError(f"{self.origin}: the image knows no millimetres; use the frame 'picture' or 'voxel'.")
            return view.to_picture(view.geometry.to_voxel(places))
        depth = view.count if self.frame == "picture" else view.geometry.shape[2]
        if len(places[0]) == 2 and depth > 1:
            raise PromptError(f"{self.origin}: the image has {depth} slices; say which one, from 0 to {depth - 1}.")
        full = np.array([[*place, 0.0][:3] for place in places])
        return full if self.frame == "picture" else view.to_picture(full)

    def _square(self, line: tuple[Place, Place], view: SliceView) -> tuple[int, PromptSet]:
        ends = self._in_picture(line, view)
        slices = {view.nearest(z) for z in ends[:, 2]}
        if len(slices) > 1:
            raise PromptError(f"{self.origin}: both ends of a line lie on one slice; received slices {sorted(slices)}.")
        # as long as the line in millimetres, so pixels that are not square make a box that is not
        spacing = np.array(view.spacing[:2])
        half = np.linalg.norm((ends[1, :2] - ends[0, :2]) * spacing) / 2 / spacing
        middle, most = ends[:, :2].mean(axis=0), np.array(view.shape) - 1
        return slices.pop(), PromptSet(box=Box(np.clip(middle - half, 0, most), np.clip(middle + half, 0, most)))

    def _mask_on(self, runs: Runs, view: SliceView) -> tuple[int, PromptSet]:
        if runs.shape != view.shape:
            raise PromptError(f"{self.origin}: the mask has shape {runs.shape}, a picture of the image {view.shape}.")
        if runs.slice is None and view.count > 1:
            raise PromptError(f"{self.origin}: the image has {view.count} slices; say which one the mask belongs to.")
        index = runs.slice or 0
        if index >= view.count:
            raise PromptError(f"{self.origin}: slice {index} lies outside the image, slice 0..{view.count - 1}.")
        return index, PromptSet(mask=MaskHint.from_mask(runs.mask()))
