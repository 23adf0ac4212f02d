"""A phantom of a fundus photograph: the optic disc and the vessel trees that leave it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from samaritan.datasets.samples._base import SAMPLES, Drawn, Sample
from samaritan.datasets.samples._draw import (
    Picture,
    blob,
    drawn_2d,
    mark,
    paint,
    patient_rng,
    patients,
    random_waves,
    reference,
    texture,
    to_bytes,
)

SIDE = 384
LABELS = {1: "vessel", 2: "optic_disc"}


def draw(case_id: str) -> Drawn:
    """One patient: 384 x 384 pixels in colour; where vessels cross the disc, the disc is the truth."""
    rng = patient_rng(case_id, 31)
    disc_at = np.array([rng.uniform(95, 125), rng.uniform(175, 210)])
    radii = (float(rng.uniform(23, 28)), float(rng.uniform(26, 31)))
    disc = blob((SIDE, SIDE), (float(disc_at[0]), float(disc_at[1])), radii, waves=random_waves(rng, 0.06))
    vessels = _tree(disc_at, rng)
    labels = np.zeros((SIDE, SIDE), np.uint8)
    mark(labels, vessels, 1)
    mark(labels, disc, 2)
    labels[_field() > 0] = 0
    return drawn_2d(_photograph(disc, vessels, disc_at, rng), reference(labels), "fundus", LABELS)


def _tree(root: NDArray[np.float64], rng: np.random.Generator) -> Picture:
    """Signed distance to the vessels: four arcades leave the disc, bend round the macula and fork."""
    distance = np.full((SIDE, SIDE), 99.0)
    starts = [
        (-1.15, 4.2, 0.010),
        (1.15, 4.2, -0.010),
        (-2.2, 3.0, -0.006),
        (2.2, 3.0, 0.006),
        (-0.7, 2.6, 0.003),
        (0.75, 2.4, 0.0),
    ]
    stack = [(root, heading + rng.normal(0, 0.12), width, bend, 0) for heading, width, bend in starts]
    while stack:
        at, heading, width, bend, level = stack.pop()
        length = int(rng.uniform(48, 80))
        path, heading = _walk(at, heading, bend, length, rng)
        distance = np.minimum(distance, _around(path, width))
        if level < 4 and width > 1.1:
            for side, share in ((1, 0.85), (-1, 0.62)):
                turn = side * rng.uniform(0.25, 0.65) * (0.5 if share > 0.7 else 1.2)
                stack.append((path[-1], heading + turn, width * share, bend * 0.8, level + 1))
    return distance


def _walk(
    at: NDArray[np.float64], heading: float, bend: float, length: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], float]:
    """A winding path of steps of one pixel, (n, 2) at (x, y), and the heading at its end."""
    wander = gaussian_filter(rng.normal(0, 0.16, length), 4)
    headings = heading + bend * np.arange(length) + np.cumsum(wander - wander.mean())
    steps = np.stack([np.cos(headings), np.sin(headings)], axis=1)
    return np.concatenate([at[None], at + np.cumsum(steps, axis=0)]), float(headings[-1])


def _around(path: NDArray[np.float64], width: float) -> Picture:
    """Signed distance to a vessel ``width`` pixels wide along ``path``; far from it a large number."""
    distance = np.full((SIDE, SIDE), 99.0)
    reach = int(np.ceil(width)) + 3
    for x, y in path:
        left, top = max(int(x) - reach, 0), max(int(y) - reach, 0)
        right, bottom = min(int(x) + reach + 1, SIDE), min(int(y) + reach + 1, SIDE)
        if left < right and top < bottom:
            dx, dy = np.arange(left, right) - x, np.arange(top, bottom) - y
            near = np.hypot(dx[:, None], dy[None, :]) - width / 2
            distance[left:right, top:bottom] = np.minimum(distance[left:right, top:bottom], near)
    return distance


def _photograph(
    disc: Picture, vessels: Picture, disc_at: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.uint8]:
    x, y = np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij")
    macula = np.exp(-(((x - disc_at[0] - 150) / 34) ** 2 + ((y - disc_at[1] - 8) / 32) ** 2))
    light = 1.05 - 0.45 * ((x - 200) ** 2 + (y - 185) ** 2) / 190.0**2 + 0.05 * texture((SIDE, SIDE), rng, 40)
    base = np.array([0.78, 0.37, 0.17]) + rng.normal(0, 0.02, 3)
    channels = []
    for level, spot, bright, dark in zip(base, (0.75, 0.55, 0.6), (0.98, 0.80, 0.50), (0.80, 0.52, 0.75), strict=True):
        value = level * light * (1 - (1 - spot) * macula) * (1 + 0.03 * texture((SIDE, SIDE), rng, 3))
        value = paint(value, disc, bright * light, softness=5)
        value = paint(value, disc + 12, np.minimum(1.12 * bright, 1.0) * light, softness=5)  # the cup
        value = paint(value, vessels, value * dark, softness=1.0)
        value = gaussian_filter(value, 0.7) + rng.normal(0, 0.012, value.shape)
        channels.append(paint(np.full((SIDE, SIDE), 0.01), _field(), value, softness=2))
    return to_bytes(255 * np.stack(channels, axis=2))


def _field() -> Picture:
    """Signed distance to the round field of view."""
    return blob((SIDE, SIDE), (SIDE / 2, SIDE / 2), (184, 184))


SAMPLES.add(
    "vessels-fundus",
    Sample(
        description="Phantom of fundus photographs, 6 patients, vessel trees and optic disc with known truth.",
        modality="fundus photography",
        licence="Apache-2.0 (drawn by code)",
        labels=LABELS,
        cases=patients(6),
        draw=draw,
        sources=("phantom",),
    ),
)
