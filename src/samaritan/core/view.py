"""A volume seen as a stack of pictures, the way a radiologist sees it.

Networks of the SAM family were trained on pictures with the patient's front at the top (axial) or the head at the top
(coronal, sagittal). A :class:`SliceView` is the permutation and the flips that lead there from the order in which the
voxels happen to be stored; nothing is interpolated, so every step can be undone exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from samaritan.core.errors import PromptError, UsageError
from samaritan.core.geometry import Geometry
from samaritan.core.prompt import Box, MaskHint, Points, PromptSet

Plane = Literal["auto", "axial", "coronal", "sagittal"]

# plane -> (world axis of the slices, (world axis, sign) to the right, (world axis, sign) downwards), world = RAS+
_DISPLAY: dict[str, tuple[int, tuple[int, int], tuple[int, int]]] = {
    "axial": (2, (0, -1), (1, -1)),
    "coronal": (1, (0, -1), (2, -1)),
    "sagittal": (0, (1, -1), (2, -1)),
}

#: Slices this many times thicker than the pixels are wide show in which plane the volume was acquired.
ACQUISITION_RATIO = 1.5


@dataclass(frozen=True)
class SliceView:
    """One plane of a volume as pictures with axes (x to the right, y downwards).

    Attributes:
        geometry: the volume's grid.
        plane: axial, coronal or sagittal.
        axes: voxel axes that become (x, y, slice).
        flips: whether x and y run against their voxel axis.
    """

    geometry: Geometry
    plane: Plane
    axes: tuple[int, int, int]
    flips: tuple[bool, bool]

    @classmethod
    def of(cls, geometry: Geometry, plane: Plane = "auto") -> SliceView:
        """The view of ``plane``; "auto" takes the plane the volume was acquired in, else axial.

        Raises:
            UsageError: an unknown plane.
        """
        if plane not in get_args(Plane):
            raise UsageError(f"There is no plane {plane!r}; use one of {', '.join(get_args(Plane))}.")
        chosen = _acquisition_plane(geometry) if plane == "auto" else plane
        through, (x_world, x_sign), (y_world, y_sign) = _DISPLAY[chosen]
        voxel_of = {world: (voxel, sign) for voxel, (world, sign) in enumerate(geometry.world_axes)}
        (x_axis, x_dir), (y_axis, y_dir) = voxel_of[x_world], voxel_of[y_world]
        return cls(geometry, chosen, (x_axis, y_axis, voxel_of[through][0]), (x_dir != x_sign, y_dir != y_sign))

    @property
    def shape(self) -> tuple[int, int]:
        """Size of a picture (x, y)."""
        return self.geometry.shape[self.axes[0]], self.geometry.shape[self.axes[1]]

    @property
    def count(self) -> int:
        """Number of slices."""
        return self.geometry.shape[self.axes[2]]

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between voxel centres along (x, y, slice)."""
        x, y, z = (self.geometry.spacing[a] for a in self.axes)
        return x, y, z

    def slice(self, data: NDArray[Any], index: int) -> NDArray[Any]:
        """Picture ``index`` of (i, j, k[, c]) voxels, (x, y[, c]); a view, not a copy."""
        return self._turn(data[self._at(index)])

    def insert(self, data: NDArray[Any], index: int, picture: NDArray[Any]) -> None:
        """Write an (x, y) picture into slice ``index`` of the (i, j, k) array ``data``, in place."""
        self.slice(data, index)[...] = picture

    def to_picture(self, ijk: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 3) voxel positions -> (n, 3) positions (x, y, slice)."""
        xyz = np.asarray(ijk, float)[:, self.axes].copy()
        return self._flip(xyz)

    def to_voxel(self, xyz: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 3) positions (x, y, slice) -> (n, 3) voxel positions; the inverse of :meth:`to_picture`."""
        ijk = np.empty((len(xyz), 3))
        ijk[:, self.axes] = self._flip(np.array(xyz, float))
        return ijk

    def crossed(self, low: float, high: float) -> range:
        """Slices of which some part, half a slice around the centre, lies between; the same from either end."""
        return range(max(int(np.ceil(low - 0.5)), 0), min(int(np.floor(high + 0.5)), self.count - 1) + 1)

    def nearest(self, z: float) -> int:
        """The slice whose centre is nearest to position ``z``; half-way between two it is the later one."""
        return int(np.clip(np.floor(z + 0.5), 0, self.count - 1))

    def lower(self, prompt: PromptSet) -> dict[int, PromptSet]:
        """Split a prompt on the volume into prompts on its pictures: slice index -> prompt at (x, y, 0).

        A point belongs to the slice it is nearest to; a box with depth is given to every slice it crosses; a mask hint,
        on the slice's voxels in their stored order, belongs to the one slice that the point or box beside it is on.

        Raises:
            PromptError: the prompt lies outside the volume, or it is not clear which slice its mask hint belongs to.
        """
        prompt.check_inside(self.geometry.shape)
        pieces: dict[int, PromptSet] = {}
        if prompt.box is not None:
            ends = self.to_picture(np.stack([prompt.box.lo, prompt.box.hi]))
            low, high = ends.min(axis=0), ends.max(axis=0)
            for index in self.crossed(low[2], high[2]):
                pieces[index] = PromptSet(box=Box(low[:2], high[:2]), text=prompt.text)
        if prompt.points is not None:
            places = self.to_picture(prompt.points.ijk)
            nearest = np.array([self.nearest(z) for z in places[:, 2]])
            for index in np.unique(nearest):
                here = nearest == index
                points = Points(places[here, :2], prompt.points.labels[here])
                pieces[int(index)] = replace(pieces.get(int(index), PromptSet(text=prompt.text)), points=points)
        if prompt.mask is not None:
            slices = list(pieces) or list(range(self.count))
            if len(slices) > 1:
                raise PromptError(
                    "A mask hint belongs to one slice; give it together with a point or box on that slice."
                )
            pieces[slices[0]] = replace(
                pieces.get(slices[0], PromptSet(text=prompt.text)), mask=self._turn_hint(prompt.mask)
            )
        return pieces

    def lift(self, prompt: PromptSet, index: int) -> PromptSet:
        """A prompt at (x, y, 0) of slice ``index`` -> the same prompt in voxel positions of the volume."""
        points, box, mask = prompt.points, prompt.box, prompt.mask
        if points is not None:
            points = Points(self.to_voxel(self._on_slice(points.ijk, index)), points.labels)
        if box is not None:
            ends = self.to_voxel(self._on_slice(np.stack([box.lo, box.hi]), index))
            box = Box(ends.min(axis=0), ends.max(axis=0))
        if mask is not None and mask.frame == "image":
            mask = MaskHint(self._turn_back(mask.logits))
        return PromptSet(points, box, mask, prompt.text)

    def _turn(self, stored: NDArray[Any]) -> NDArray[Any]:
        """One slice in stored order -> (x, y)."""
        picture = stored.swapaxes(0, 1) if self.axes[0] > self.axes[1] else stored
        return self._mirror(picture)

    def _turn_back(self, picture: NDArray[Any]) -> NDArray[Any]:
        """(x, y) -> one slice in stored order."""
        stored = self._mirror(picture)
        return stored.swapaxes(0, 1) if self.axes[0] > self.axes[1] else stored

    def _turn_hint(self, hint: MaskHint) -> MaskHint:
        if hint.frame == "model":  # on the network's own grid, which knows pictures only
            return hint
        turned = self._turn(hint.logits)
        if turned.shape != self.shape:
            raise PromptError(
                f"The mask hint has shape {hint.logits.shape}; its slice, as a picture, has {self.shape}."
            )
        return MaskHint(turned)

    def _mirror(self, picture: NDArray[Any]) -> NDArray[Any]:
        return picture[:: -1 if self.flips[0] else 1, :: -1 if self.flips[1] else 1]

    def _at(self, index: int) -> tuple[Any, ...]:
        place: list[Any] = [slice(None)] * 3
        place[self.axes[2]] = index
        return tuple(place)

    def _flip(self, xyz: NDArray[np.float64]) -> NDArray[np.float64]:
        for axis in (0, 1):
            if self.flips[axis]:
                xyz[:, axis] = self.shape[axis] - 1 - xyz[:, axis]
        return xyz

    @staticmethod
    def _on_slice(xyz: NDArray[np.float64], index: int) -> NDArray[np.float64]:
        placed = np.array(xyz, float)
        placed[:, 2] = index
        return placed


def _acquisition_plane(geometry: Geometry) -> Plane:
    """The plane across the thickest voxel axis when that axis stands out; a single slice is its own plane."""
    world_of = [world for world, _ in geometry.world_axes]
    planes: dict[int, Plane] = {2: "axial", 1: "coronal", 0: "sagittal"}
    singles = [axis for axis, n in enumerate(geometry.shape) if n == 1]
    if len(singles) == 1:
        return planes[world_of[singles[0]]]
    order = np.argsort(geometry.spacing)
    if geometry.spacing[order[2]] > ACQUISITION_RATIO * geometry.spacing[order[1]]:
        return planes[world_of[order[2]]]
    return "axial"
