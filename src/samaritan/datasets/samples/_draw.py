"""Drawing phantoms: shapes as signed distances, soft edges, textures. Arrays are (x, y), in pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from samaritan.core import Geometry, LabelMap, Volume
from samaritan.datasets._base import REFERENCE
from samaritan.datasets.samples._base import Drawn

Picture = NDArray[np.float64]


def patients(count: int) -> dict[str, str]:
    """Case ids ``p1`` .. of as many patients."""
    return {f"p{number}": f"p{number}" for number in range(1, count + 1)}


def patient_rng(case_id: str, seed: int) -> np.random.Generator:
    """The generator of patient ``p3`` of the phantom ``seed``."""
    return np.random.default_rng([seed, int(case_id[1:])])


def blob(
    shape: tuple[int, int],
    centre: tuple[float, float],
    radii: tuple[float, float],
    *,
    angle: float = 0.0,
    waves: Sequence[tuple[int, float, float]] = (),
) -> Picture:
    """Signed distance (about, negative inside) to an ellipse whose outline carries waves.

    Args:
        shape: (x, y) size of the picture.
        centre: (x, y) of the shape.
        radii: half axes.
        angle: turn of the first half axis from x towards y, in radians.
        waves: (number around the outline, amplitude as a part of the radius, phase in radians).
    """
    x, y = np.meshgrid(np.arange(shape[0]) - centre[0], np.arange(shape[1]) - centre[1], indexing="ij")
    along = (x * np.cos(angle) + y * np.sin(angle)) / radii[0]
    across = (y * np.cos(angle) - x * np.sin(angle)) / radii[1]
    around = np.arctan2(across, along)
    outline = 1 + sum(size * np.cos(number * around + phase) for number, size, phase in waves)
    return np.asarray((np.hypot(along, across) - outline) * np.sqrt(radii[0] * radii[1]))


def random_waves(
    rng: np.random.Generator, size: float, numbers: Sequence[int] = (2, 3, 4, 5)
) -> list[tuple[int, float, float]]:
    """Waves for :func:`blob` with random amplitudes that fall with their number."""
    return [(n, float(rng.normal(0, size / n)), float(rng.uniform(0, 2 * np.pi))) for n in numbers]


def paint(picture: Picture, distance: Picture, value: float | Picture, softness: float = 0.7) -> Picture:
    """Lay ``value`` over the inside of a shape; over ``softness`` pixels on both sides of its edge the two mix."""
    cover = np.clip(0.5 - distance / (2 * softness), 0, 1)
    return picture * (1 - cover) + value * cover


def texture(shape: tuple[int, int], rng: np.random.Generator, scale: float | tuple[float, float]) -> Picture:
    """Smooth noise of unit standard deviation with structures of about ``scale`` pixels."""
    noise = gaussian_filter(rng.standard_normal(shape), scale, mode="wrap")
    return np.asarray(noise / noise.std())


def mark(labels: NDArray[np.uint8], distance: Picture, value: int) -> None:
    """Write ``value`` inside the shape, in place: what is drawn later lies in front."""
    labels[distance < 0] = value


def drawn_2d(
    picture: NDArray[np.uint8], labels: Mapping[str, NDArray[np.uint8]], modality: str, names: Mapping[int, str]
) -> Drawn:
    """A picture (x, y) or (x, y, 3) without spacing, with a label map (x, y) for each rater."""
    geometry = Geometry.pixels(picture.shape[0], picture.shape[1])
    references = {rater: LabelMap(values[:, :, None], geometry, names) for rater, values in labels.items()}
    return Drawn(Volume(picture[:, :, None], geometry, modality), references)


def reference(labels: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
    """The one truth of a phantom."""
    return {REFERENCE: labels}


def to_bytes(picture: Picture) -> NDArray[np.uint8]:
    """Rounded and cut to 0..255."""
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def polygon(shape: tuple[int, int], corners: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    """Pixels whose centre lies inside an outline drawn by hand, corners at (x, y); even-odd rule."""
    x, y = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    inside = np.zeros(shape, bool)
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside


def outlined(volume: Volume, outlines: Mapping[str, Sequence[tuple[float, float]]]) -> Drawn:
    """A single-slice image with outlines drawn on it: their values are 1, 2, ... in the order given."""
    labels = np.zeros(volume.geometry.shape, np.uint8)
    for value, corners in enumerate(outlines.values(), start=1):
        labels[polygon(volume.geometry.shape[:2], corners)] = value
    names = dict(enumerate(outlines, start=1))
    return Drawn(volume, {REFERENCE: LabelMap(labels, volume.geometry, names)})
