"""A phantom of the upper abdomen in CT: organs in Hounsfield units whose neighbours look alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from samaritan.core import Geometry, LabelMap, Volume
from samaritan.datasets._base import REFERENCE
from samaritan.datasets.samples._base import SAMPLES, Drawn, Sample
from samaritan.datasets.samples._draw import Picture, blob, mark, paint, patient_rng, patients, random_waves, texture

SIDE, SLICES = 256, 3
SPACING = (1.5, 1.5, 6.0)
NOISE_HU = 14.0
LABELS = {1: "liver", 2: "spleen", 3: "kidney_right", 4: "kidney_left", 5: "vertebra", 6: "aorta"}


def draw(case_id: str) -> Drawn:
    """One patient: (256, 256, 3) voxels of 1.5 x 1.5 x 6 mm, i to the patient's left, j to the back."""
    anatomy = _Anatomy(patient_rng(case_id, 11))
    noise = patient_rng(case_id, 12)
    hu, labels = zip(*(anatomy.slice(k, noise) for k in range(SLICES)), strict=True)
    geometry = Geometry.from_spacing((SIDE, SIDE, SLICES), SPACING)
    volume = Volume(np.rint(np.stack(hu, axis=2)).astype(np.int16), geometry, "CT")
    return Drawn(volume, {REFERENCE: LabelMap(np.stack(labels, axis=2), geometry, LABELS)})


class _Anatomy:
    """The shapes of one patient; they change slowly from slice to slice."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.size = rng.uniform(0.92, 1.06)
        self.shift = rng.normal(0, 3, 2)
        self.hu = {name: level + rng.normal(0, 6) for name, level in _LEVELS.items()}
        self.waves = {name: random_waves(rng, 0.03 if name == "body" else 0.11) for name in _PLACES}
        self.moved = {name: rng.normal(0, 2.5, 2) for name in _PLACES}
        self.grown = {name: rng.uniform(-0.06, 0.06) for name in _PLACES}
        self.loops = [(rng.uniform(95, 200), rng.uniform(70, 118), rng.uniform(7, 13)) for _ in range(9)]

    def slice(self, k: int, rng: np.random.Generator) -> tuple[Picture, NDArray[np.uint8]]:
        """HU (x, y) and labels (x, y) of slice ``k``."""
        labels = np.zeros((SIDE, SIDE), np.uint8)
        hu = self._wall(np.full((SIDE, SIDE), -1000.0), k)
        hu = self._gut(hu, k)
        for name, value in _ORGANS.items():
            distance = self._within(name, k)
            hu = paint(hu, distance, self.hu[name] + 4 * texture((SIDE, SIDE), rng, 3))
            mark(labels, distance, value)
        hu = self._inside_kidneys(hu, k)
        hu = self._spine(hu, labels, k)
        return _scanned(hu, rng), labels

    def _shape(self, name: str, k: int, inset: float = 0.0) -> Picture:
        (x, y), (rx, ry), angle = _PLACES[name]
        grown = 1 + self.grown[name] * (k - 1)
        centre = tuple(128 + self.size * (np.array([x, y]) - 128) + self.shift + self.moved[name] * (1 + 0.3 * k))
        return (
            blob(
                (SIDE, SIDE),
                (float(centre[0]), float(centre[1])),
                (rx * self.size * grown, ry * self.size * grown),
                angle=angle,
                waves=self.waves[name],
            )
            + inset
        )

    def _within(self, name: str, k: int) -> Picture:
        """An organ where it has room inside the abdominal wall."""
        return np.maximum(self._shape(name, k), self._shape("body", k) + 16)

    def _wall(self, hu: Picture, k: int) -> Picture:
        body = self._shape("body", k)
        hu = paint(hu, body, -95.0)
        hu = paint(hu, body + 11, 52.0)
        hu = paint(hu, body + 17, -100.0)
        for around in np.deg2rad([-150, -122, -65, -28, 8, 40, 76, 104, 140, 172]):  # ribs, cut obliquely
            x, y = 128 + 103 * self.size * np.cos(around + 0.1 * k), 132 + 74 * self.size * np.sin(around + 0.1 * k)
            rib = blob((SIDE, SIDE), (x + self.shift[0], y + self.shift[1]), (6, 2.5), angle=around + np.pi / 2)
            hu = paint(hu, np.maximum(rib, body + 9), 340.0)
        for side in (-1, 1):  # the muscles beside the spine
            hu = paint(hu, blob((SIDE, SIDE), (128 + side * 24 + self.shift[0], 196 + self.shift[1]), (17, 13)), 56.0)
        return hu

    def _gut(self, hu: Picture, k: int) -> Picture:
        for x, y, radius in self.loops:
            loop = blob((SIDE, SIDE), (x + 2 * k, y), (radius, radius * 0.8))
            hu = paint(paint(hu, loop, 48.0), loop + 3, 22.0)
        stomach = self._within("stomach", k)
        hu = paint(paint(hu, stomach, 50.0), stomach + 3, 18.0)
        gas = np.maximum(stomach + 3, np.arange(SIDE)[None, :] - (66 + self.shift[1]))  # gas rises: the level is flat
        return paint(paint(hu, gas, -880.0), self._shape("pancreas", k), 88.0)

    def _inside_kidneys(self, hu: Picture, k: int) -> Picture:
        for name in ("kidney_right", "kidney_left"):
            hu = paint(hu, self._shape(name, k, inset=9), 105.0, softness=3)
        return paint(hu, self._shape("cava", k), self.hu["cava"])

    def _spine(self, hu: Picture, labels: NDArray[np.uint8], k: int) -> Picture:
        vertebra = self._shape("vertebra", k)
        canal = self._shape("canal", k)
        process = self._shape("process", k)
        bone = np.minimum(vertebra, np.maximum(np.minimum(self._shape("arch", k), process), -canal))
        hu = paint(hu, bone, 420.0)
        hu = paint(hu, bone + 3, self.hu["vertebra"])
        mark(labels, bone, 5)
        return paint(hu, canal, 30.0)


def _scanned(hu: Picture, rng: np.random.Generator) -> Picture:
    """What a scanner makes of it: blur of the kernel, and noise whose grains are larger than a pixel."""
    noise = gaussian_filter(rng.standard_normal(hu.shape), 0.8)
    return np.asarray(gaussian_filter(hu, 0.6) + NOISE_HU * noise / noise.std())


#: name -> (centre (x, y), half axes, angle), in pixels of a patient of mean size.
_PLACES: dict[str, tuple[tuple[float, float], tuple[float, float], float]] = {
    "body": ((128, 130), (118, 92), 0.0),
    "liver": ((76, 112), (48, 52), 0.5),
    "spleen": ((202, 142), (17, 36), -0.35),
    "kidney_right": ((89, 170), (17, 23), 0.5),
    "kidney_left": ((171, 170), (17, 23), -0.5),
    "stomach": ((172, 84), (38, 26), 0.5),
    "pancreas": ((140, 122), (30, 9), -0.25),
    "aorta": ((136, 149), (8, 8), 0.0),
    "cava": ((113, 148), (10, 7), 0.2),
    "vertebra": ((127, 172), (19, 15), 0.0),
    "canal": ((127, 192), (8, 7), 0.0),
    "arch": ((127, 193), (15, 11), 0.0),
    "process": ((127, 207), (4, 12), 0.0),
}
_LEVELS = {
    "liver": 104.0,
    "spleen": 116.0,
    "kidney_right": 165.0,
    "kidney_left": 165.0,
    "aorta": 150.0,
    "cava": 118.0,
    "vertebra": 170.0,
}
_ORGANS = {"liver": 1, "spleen": 2, "kidney_right": 3, "kidney_left": 4, "aorta": 6}

SAMPLES.add(
    "abdomen-ct",
    Sample(
        description="Phantom of the upper abdomen in CT, 6 patients of 3 slices, in Hounsfield units with known truth.",
        modality="CT",
        licence="Apache-2.0 (drawn by code)",
        labels=LABELS,
        cases=patients(6),
        draw=draw,
        sources=("phantom",),
    ),
)
