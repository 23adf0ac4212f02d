"""Images made by code, with a bright object at a known place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from samaritan.core import Geometry

Mm = tuple[float, float, float]


@dataclass(frozen=True)
class Ellipsoid:
    """Where the object of a volume is.

    Attributes:
        centre: RAS+ mm.
        radii: mm, along right, front and up.
    """

    centre: Mm
    radii: Mm

    def holds(self, world: ArrayLike) -> NDArray[np.bool_]:
        """(..., 3) places in mm -> whether they lie in it."""
        inside = (np.asarray(world, float) - self.centre) / self.radii
        return np.asarray((inside**2).sum(axis=-1) <= 1)

    def on(self, geometry: Geometry) -> NDArray[np.bool_]:
        """(i, j, k) bool: the voxels whose centres lie in it."""
        return self.holds(geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1)))


#: Three places well inside, no two of which share a coordinate, and one well outside.
INSIDE: tuple[Mm, ...] = ((21.0, -12.0, 33.0), (14.0, -6.0, 28.0), (26.0, -18.0, 38.0))
OUTSIDE: Mm = (21.0, 22.0, 33.0)
OBJECT = Ellipsoid((20.0, -12.0, 33.0), (17.0, 15.0, 14.0))


def turned(shape: tuple[int, int, int], spacing: Mm, degrees: Mm, order: str, centre: Mm) -> Geometry:
    """A grid that is turned about three axes, whose voxel axes run roughly to ``order`` (such as "LSA").

    Args:
        shape: (i, j, k).
        spacing: mm along i, j, k.
        degrees: about right, front and up.
        order: where i, j and k run.
        centre: RAS+ mm of the grid's middle.
    """
    axes = np.zeros((3, 3))
    for column, letter in enumerate(order):
        positive, negative = "RAS", "LPI"
        axes[(positive + negative).index(letter) % 3, column] = 1.0 if letter in positive else -1.0
    angles = np.radians(degrees)
    rotation = np.eye(3)
    for axis, angle in enumerate(angles):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        rotation = turn @ rotation
    affine = np.eye(4)
    affine[:3, :3] = rotation @ axes * spacing
    affine[:3, 3] = np.array(centre) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Geometry(shape, affine)


def place_of(geometry: Geometry, voxel: ArrayLike) -> Mm:
    """Of one voxel position (3,), in mm."""
    x, y, z = (float(value) for value in geometry.to_world(np.asarray(voxel, float)[None])[0])
    return x, y, z


def oblique() -> Geometry:
    """Left, up, front; 0.9 x 2.2 x 1.2 mm; turned by 9, -7 and 12 degrees: nothing that a program could get right by luck."""
    return turned((88, 40, 72), (0.9, 2.2, 1.2), (9.0, -7.0, 12.0), "LSA", (14.0, -6.0, 30.0))


def volume(geometry: Geometry, *objects: Ellipsoid, seed: int = 0) -> NDArray[np.int16]:
    """(i, j, k) int16: a CT-like body of soft tissue in air, brighter objects, noise; a darker rod on the patient's right."""
    chance = np.random.default_rng(seed)
    world = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    middle = np.array(place_of(geometry, (np.array(geometry.shape) - 1) / 2))
    size = np.abs(geometry.affine[:3, :3]) @ np.array(geometry.shape) / 2
    body = (((world - middle) / (0.92 * size)) ** 2).sum(axis=-1) <= 1
    data = np.where(body, -20.0, -900.0)
    rod = np.linalg.norm((world - middle)[..., :2] - (0.5 * size[0], 0), axis=-1) < 4
    data[body & rod] = -300
    for one in objects:
        data[one.on(geometry)] = 160
    return np.rint(data + chance.normal(0, 12, geometry.shape)).astype(np.int16)


def save_volume(path: Path, geometry: Geometry, data: NDArray[np.int16] | NDArray[np.uint8]) -> Path:
    """Write NIfTI with the grid in sform and qform."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image: Any = nib.Nifti1Image(data, geometry.affine)  # type: ignore[no-untyped-call]
    image.set_sform(geometry.affine, 1)
    image.set_qform(geometry.affine, 1)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)
    return path


#: Of the pictures: width, height, and the disc's centre and radius in pixels (x to the right, y down).
PICTURE = (200, 150)
DISC = (70, 90, 30)


def disc(width: int, height: int, x: float, y: float, radius: float) -> NDArray[np.bool_]:
    """(row, column) bool."""
    rows, columns = np.indices((height, width))
    return np.asarray((columns - x) ** 2 + (rows - y) ** 2 <= radius**2)


def save_colour_picture(path: Path) -> Path:
    """RGB: an orange disc on blue-green, noisy; the upper left corner is red, the lower right one blue."""
    where = disc(*PICTURE, *DISC)
    pixels = np.where(where[..., None], (235, 150, 40), (25, 90, 95)).astype(float)
    pixels[:12, :12], pixels[-12:, -12:] = (220, 20, 20), (20, 20, 220)
    pixels += np.random.default_rng(1).normal(0, 5, pixels.shape)
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    return path


def save_grey_picture(path: Path) -> Path:
    """16 bits, all of them in use: a disc at 52 000 on 9 000."""
    where = disc(*PICTURE, *DISC)
    pixels = np.where(where, 52_000.0, 9_000.0) + np.random.default_rng(2).normal(0, 700, where.shape)
    Image.fromarray(np.clip(pixels, 0, 65_535).astype(np.uint16)).save(path)
    return path


def small_volumes(folder: Path, count: int, *, size: int = 28) -> None:
    """Volumes of about 28 x 24 x 14 voxels with one object each, in many orders of axes."""
    orders = ("RAS", "LPS", "LSA", "PIR", "ASL", "SRA")
    for number in range(count):
        geometry = turned(
            (size, size - 4, size // 2), (1.0, 1.1, 2.5), (3.0 * (number % 4), 2.0, -4.0), orders[number % 6], (0, 0, 0)
        )
        one = Ellipsoid((2.0, -1.0, 1.0), (8.0, 7.0, 9.0))
        save_volume(folder / f"case_{number:02d}.nii.gz", geometry, volume(geometry, one, seed=number))
