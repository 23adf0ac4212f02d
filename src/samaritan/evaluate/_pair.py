"""Two masks made ready to be compared: checked, cropped, with what the metrics share computed once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from samaritan.core import GeometryError, InputError
from samaritan.evaluate._base import Mask
from samaritan.evaluate._nearest import nearest
from samaritan.evaluate._surfels import areas, has_surface, surface_cells

Unit = Literal["mm", "px"]

#: Tolerance of the surface Dice, in millimetres, or in pixels where the image knows no spacing.
NSD_TOLERANCE = 2.0


@dataclass(frozen=True, eq=False)
class MaskPair:
    """A predicted and a reference mask, and the distances between their surfaces.

    Beyond the image there is background, so a mask that touches the image's edge has a surface there. An image one slice thick
    is 2D: there is no surface across an axis of length 1. As in the papers that are quoted, the surface is not the same for all
    metrics. For HD95 and ASSD it is the set of **border voxels**, those with a neighbour across a face (6 in 3D, 4 in 2D)
    that is not in the mask; distances are Euclidean between voxel centres and every voxel counts once (MetricsReloaded,
    MONAI). For NSD it consists of **surface elements** between the voxels, which count by their area
    (:mod:`samaritan.evaluate._surfels`).

    Attributes:
        pred: (i, j, k), predicted mask, cropped to the bounding box of the union of both.
        ref: (i, j, k), reference, cropped likewise.
        spacing: voxel size along i, j, k in ``unit``.
        unit: "mm", or "px" where the image knows no spacing (then ``spacing`` is 1, 1, 1).
        shape: of the whole image.
        nsd_tolerance: in ``unit``.
    """

    pred: Mask
    ref: Mask
    spacing: tuple[float, float, float]
    unit: Unit
    shape: tuple[int, int, int]
    nsd_tolerance: float

    @classmethod
    def of(
        cls,
        *,
        pred: Mask,
        ref: Mask,
        spacing: tuple[float, float, float],
        unit: Unit = "mm",
        nsd_tolerance: float = NSD_TOLERANCE,
    ) -> MaskPair:
        """Check and crop two masks (i, j, k) on the same grid; the masks themselves are not changed.

        Raises:
            GeometryError: shapes differ, are not (i, j, k), or the spacing is not three positive numbers.
            InputError: a mask is not bool, the unit is unknown, or the tolerance is negative or not finite.
        """
        _check_masks(pred, ref)
        if unit not in ("mm", "px"):
            raise InputError(f"The unit of distances is 'mm' or 'px'; received {unit!r}.")
        if len(spacing) != 3 or not all(math.isfinite(s) and s > 0 for s in spacing):
            raise GeometryError(f"Spacing must be three positive numbers (i, j, k); received {spacing}.")
        if not (math.isfinite(nsd_tolerance) and nsd_tolerance >= 0):
            raise InputError(f"The tolerance of NSD must be 0 or more {unit}; received {nsd_tolerance}.")
        i, j, k = spacing if unit == "mm" else (1.0, 1.0, 1.0)
        box = tuple(slice(*bounds) for bounds in _union_bounds(pred, ref))
        return cls(
            pred=pred[box],
            ref=ref[box],
            spacing=(float(i), float(j), float(k)),
            unit=unit,
            shape=(pred.shape[0], pred.shape[1], pred.shape[2]),
            nsd_tolerance=float(nsd_tolerance),
        )

    @cached_property
    def n_pred(self) -> int:
        """Voxels of the prediction."""
        return int(np.count_nonzero(self.pred))

    @cached_property
    def n_ref(self) -> int:
        """Voxels of the reference."""
        return int(np.count_nonzero(self.ref))

    @cached_property
    def n_both(self) -> int:
        """Voxels in both masks."""
        return int(np.count_nonzero(self.pred & self.ref))

    @property
    def diagonal(self) -> float:
        """Length of the image's diagonal in ``unit``, voxels taken whole: longer than any distance within the image."""
        extent = [n * s for n, s in zip(self.shape, self.spacing, strict=True) if n > 1]
        return math.hypot(*extent) if extent else math.hypot(*self.spacing)

    @cached_property
    def surface_distances(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Distances (n_border_pred,) from the prediction's surface to the reference's, and (n_border_ref,) back, in ``unit``.

        Both masks must be non-empty.
        """
        pred, ref = self._border(self.pred), self._border(self.ref)
        return nearest(pred, ref, self.spacing), nearest(ref, pred, self.spacing)

    def surface_areas(self, within: float) -> tuple[float, float]:
        """(area of the surface elements of both masks that lie within a distance of the other surface, area of all).

        In 2D an area is a length. Both masks must be non-empty.

        Args:
            within: in ``unit``.
        """
        flat = self._flat
        i, j, k = (1.0 if still else s for s, still in zip(self.spacing, flat, strict=True))
        area_of = areas((i, j, k))
        pred, ref = surface_cells(self.pred, flat), surface_cells(self.ref, flat)
        near = total = 0.0
        for start, goal in ((pred, ref), (ref, pred)):
            surface = has_surface(start)
            sizes = area_of[start[surface]]
            near += float(sizes[nearest(surface, has_surface(goal), self.spacing, within) <= within].sum())
            total += float(sizes.sum())
        return near, total

    @property
    def _flat(self) -> tuple[bool, bool, bool]:
        """Axes without a surface: those of length 1, unless the image is a single voxel."""
        i, j, k = (n == 1 and max(self.shape) > 1 for n in self.shape)
        return i, j, k

    def _border(self, mask: Mask) -> Mask:
        """Voxels of the mask with a neighbour across a face that is not in it."""
        inner = mask.copy()
        for axis, still in enumerate(self._flat):
            if not still:
                along, within = mask.swapaxes(0, axis), inner.swapaxes(0, axis)
                within[1:] &= along[:-1]
                within[:-1] &= along[1:]
                within[0] = within[-1] = False
        return mask & ~inner


def _check_masks(pred: Mask, ref: Mask) -> None:
    for name, mask in (("predicted", pred), ("reference", ref)):
        if mask.dtype != np.bool_:
            raise InputError(
                f"The {name} mask must be of bool; received {mask.dtype}: threshold it, or compare with a label."
            )
    if pred.shape != ref.shape:
        raise GeometryError(
            f"Prediction and reference differ in shape: {pred.shape} and {ref.shape}; resample one first."
        )
    if pred.ndim != 3 or 0 in pred.shape:
        raise GeometryError(f"Masks have axes (i, j, k), an image is (i, j, 1); received shape {pred.shape}.")


def _union_bounds(pred: Mask, ref: Mask) -> list[tuple[int, int]]:
    """First and one-past-last index of the union along each axis; (0, 0) when both are empty."""
    union = pred | ref
    bounds = []
    for axis in range(3):
        used = np.flatnonzero(union.any(axis=tuple(a for a in range(3) if a != axis)))
        bounds.append((int(used[0]), int(used[-1]) + 1) if used.size else (0, 0))
    return bounds
