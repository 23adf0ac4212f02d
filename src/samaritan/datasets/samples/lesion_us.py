"""A phantom of a breast lesion in ultrasound, drawn by four people who do not agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from samaritan.datasets._base import REFERENCE
from samaritan.datasets.samples._base import SAMPLES, Drawn, Sample
from samaritan.datasets.samples._draw import (
    Picture,
    blob,
    drawn_2d,
    paint,
    patient_rng,
    patients,
    random_waves,
    texture,
    to_bytes,
)

SHAPE = (320, 256)
LABELS = {1: "lesion"}

#: rater -> (pixels drawn outside the true border, unsteadiness of the hand in pixels).
RATERS = {"generous": (5.0, 1.5), "tight": (-5.0, 1.5), "unsteady": (0.0, 5.0)}


def draw(case_id: str) -> Drawn:
    """One patient: 320 x 256 pixels, the true border and three raters who deviate from it, each in one way."""
    rng = patient_rng(case_id, 21)
    lesion = _lesion(rng)
    picture = _echo(lesion, rng)
    labels = {REFERENCE: _filled(lesion)}
    for rater, (outside, unsteady) in RATERS.items():
        labels[rater] = _filled(lesion - outside + unsteady * texture(SHAPE, rng, 14))
    return drawn_2d(picture, labels, "ultrasound", LABELS)


def _lesion(rng: np.random.Generator) -> Picture:
    centre = (float(rng.uniform(120, 200)), float(rng.uniform(95, 140)))
    radii = (float(rng.uniform(32, 58)), float(rng.uniform(22, 38)))
    return blob(SHAPE, centre, radii, angle=float(rng.normal(0, 0.25)), waves=random_waves(rng, 0.18, (2, 3, 4, 5, 7)))


def _echo(lesion: Picture, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Echo strength of the tissue, times speckle, in decibels, weaker with depth."""
    tissue = _layers(rng)
    for _ in range(5):  # fat lobules, dark as the lesion is, which makes it hard
        place = (float(rng.uniform(0, SHAPE[0])), float(rng.uniform(60, 230)))
        tissue = paint(tissue, blob(SHAPE, place, (float(rng.uniform(18, 40)), float(rng.uniform(8, 16)))), -13.0, 5)
    tissue = paint(tissue, lesion + texture(SHAPE, rng, 5) * 2, -20.0 + 2.5 * texture(SHAPE, rng, 8), softness=6)
    shadow = gaussian_filter(np.maximum.accumulate((lesion < -6).astype(float), axis=1), (7, 3))
    tissue = tissue - 6.0 * shadow * (lesion > 0)
    speckle = np.hypot(*(gaussian_filter(rng.standard_normal(SHAPE), (1.6, 0.8)) for _ in range(2)))
    decibel = tissue + 20 * np.log10(speckle / speckle.mean() + 0.02)
    decibel = decibel - 0.03 * np.arange(SHAPE[1])[None, :]
    return to_bytes(gaussian_filter(150 + 4.4 * decibel, 0.6))


def _layers(rng: np.random.Generator) -> Picture:
    """Skin, fat, gland and muscle from the top down, with streaks along the layers."""
    x = np.linspace(0, 1, SHAPE[0])[:, None]
    depth = np.arange(SHAPE[1])[None, :] + 7 * np.sin(2 * np.pi * (x + rng.uniform()) * rng.uniform(0.5, 1.2))
    levels = np.interp(depth, [0, 8, 12, 45, 52, 165, 172, 178, 256], [2, 2, -9, -8, -3, -5, 1, -11, -12])
    return np.asarray(levels + 2.2 * texture(SHAPE, rng, (14, 2)) + 1.5 * texture(SHAPE, rng, 12))


def _filled(distance: Picture) -> NDArray[np.uint8]:
    return (distance < 0).astype(np.uint8)


SAMPLES.add(
    "lesion-us",
    Sample(
        description="Phantom of breast lesions in ultrasound, 6 patients, the true border and three deviating raters.",
        modality="ultrasound",
        licence="Apache-2.0 (drawn by code)",
        labels=LABELS,
        cases=patients(6),
        draw=draw,
        sources=("phantom",),
        raters=(REFERENCE, *RATERS),
    ),
)
