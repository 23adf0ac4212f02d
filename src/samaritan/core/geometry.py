"""Where voxels lie: shape, affine, spacing and orientation, with no voxels inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samaritan.core.errors import GeometryError

Unit = Literal["mm", "px"]

#: Two grids count as the same when no corner lies further apart than this.
GRID_TOLERANCE_MM = 1e-3

#: Columns of the affine may deviate from right angles by this cosine before it counts as sheared.
SHEAR_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class Geometry:
    """A voxel grid in the world.

    Attributes:
        shape: number of voxels along (i, j, k); a 2D image is one slice thick, i = column, j = row.
        affine: (4, 4) float64, voxel centre (i, j, k, 1) -> RAS+ world.
        unit: "mm", or "px" where the file knows no spacing (a PNG); distances are then in pixels.

    Raises:
        GeometryError: an axis is shorter than one voxel; the affine is not finite, is singular or is sheared.
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    unit: Unit = "mm"

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise GeometryError(
                f"The image has shape {self.shape}; every one of its three axes needs at least 1 voxel."
            )
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all() or (affine[3] != (0, 0, 0, 1)).any():
            raise GeometryError(
                "The affine must be a 4 x 4 matrix of finite numbers with the last row 0 0 0 1; write the header anew."
            )
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
        if lengths.min() < 1e-9 or abs(np.linalg.det(affine[:3, :3] / np.maximum(lengths, 1e-30))) < 1e-6:
            raise GeometryError("The affine is singular, so voxels have no place in the world; write the header anew.")
        affine.flags.writeable = False
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        object.__setattr__(self, "affine", affine)
        directions = affine[:3, :3] / lengths
        cosine = np.abs(directions.T @ directions - np.eye(3)).max()
        if cosine > SHEAR_TOLERANCE:
            raise GeometryError(
                f"The affine is sheared (axes meet at a cosine of {cosine:.3g}, allowed is {SHEAR_TOLERANCE:g}); "
                "resample the image onto a right-angled grid first."
            )

    @classmethod
    def pixels(cls, width: int, height: int) -> Geometry:
        """The grid of a picture without spacing: i runs right, j runs down, unit "px"."""
        return cls((width, height, 1), np.diag([-1.0, -1.0, 1.0, 1.0]), "px")

    @classmethod
    def from_spacing(cls, shape: tuple[int, int, int], spacing: ArrayLike, unit: Unit = "mm") -> Geometry:
        """An axis-aligned LPS-ordered grid (i to the left, j to the back, k up) at the origin."""
        return cls(shape, np.diag([*(np.asarray(spacing, float) * (-1, -1, 1)), 1.0]), unit)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between voxel centres along (i, j, k), in ``unit``."""
        i, j, k = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(i), float(j), float(k)

    @property
    def voxel_volume(self) -> float:
        """Volume of one voxel in cubic ``unit``."""
        return float(np.prod(self.spacing))

    @property
    def world_axes(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        """For each of (i, j, k): (nearest world axis 0..2, sign), each world axis used once."""
        directions = self.affine[:3, :3] / np.linalg.norm(self.affine[:3, :3], axis=0)
        pairs: dict[int, tuple[int, int]] = {}
        free_world, free_voxel = {0, 1, 2}, {0, 1, 2}
        while free_voxel:  # the best-aligned pair first, so that a 45 degree oblique stays a permutation
            world, voxel = max(((w, v) for w in free_world for v in free_voxel), key=lambda p: abs(directions[p]))
            pairs[voxel] = (world, 1 if directions[world, voxel] >= 0 else -1)
            free_world.discard(world)
            free_voxel.discard(voxel)
        return pairs[0], pairs[1], pairs[2]

    @property
    def orientation(self) -> str:
        """Three letters, where i, j and k point to, such as "RAS" or "LPS"."""
        letters = ("LR", "PA", "IS")
        return "".join(letters[world][(sign + 1) // 2] for world, sign in self.world_axes)

    def to_world(self, ijk: ArrayLike) -> NDArray[np.float64]:
        """(n, 3) voxel positions -> (n, 3) RAS+ world positions in ``unit``."""
        points = np.atleast_2d(np.asarray(ijk, float))
        return np.asarray(points @ self.affine[:3, :3].T + self.affine[:3, 3])

    def to_voxel(self, world: ArrayLike) -> NDArray[np.float64]:
        """(n, 3) RAS+ world positions -> (n, 3) voxel positions, not rounded."""
        points = np.atleast_2d(np.asarray(world, float)) - self.affine[:3, 3]
        return np.asarray(np.linalg.solve(self.affine[:3, :3], points.T).T)

    def mismatch(self, other: Geometry, tolerance_mm: float = GRID_TOLERANCE_MM) -> str | None:
        """What differs from ``other``, in words, or None when both are one grid.

        Grids agree when no corner voxel lies more than ``tolerance_mm`` apart. Where one of the two knows no
        spacing (unit "px") only shapes are compared.
        """
        if self.shape != other.shape:
            return f"shape {self.shape} against {other.shape}"
        if "px" in (self.unit, other.unit):
            return None
        corners = np.array(np.meshgrid(*((0, n - 1) for n in self.shape))).reshape(3, -1).T
        apart = float(np.linalg.norm(self.to_world(corners) - other.to_world(corners), axis=1).max())
        if apart <= tolerance_mm:
            return None
        if not np.allclose(self.spacing, other.spacing, rtol=1e-4):
            return f"spacing {_round(self.spacing)} against {_round(other.spacing)} mm"
        if self.orientation != other.orientation:
            return f"orientation {self.orientation} against {other.orientation}"
        return f"position: corners lie up to {apart:.4g} mm apart, allowed are {tolerance_mm:g} mm"


def _round(values: tuple[float, float, float]) -> tuple[float, ...]:
    return tuple(round(v, 4) for v in values)
