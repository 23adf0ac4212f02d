"""A phantom of a retina in OCT: layers with a foveal pit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from samaritan.datasets.samples._base import SAMPLES, Drawn, Sample
from samaritan.datasets.samples._draw import Picture, drawn_2d, patient_rng, patients, reference, texture, to_bytes

SHAPE = (448, 256)
LABELS = {1: "inner_retina", 2: "outer_nuclear_layer", 3: "photoreceptors", 4: "choroid"}

#: (label, thickness in pixels, thickness in the fovea, echo), from the vitreous down; 0 = not scored.
_LAYERS = (
    (1, 13.0, 1.5, 165.0),  # nerve fibre layer
    (1, 18.0, 2.0, 118.0),  # ganglion cells and inner plexiform layer
    (1, 10.0, 3.0, 82.0),  # inner nuclear layer
    (1, 6.0, 2.5, 122.0),  # outer plexiform layer
    (2, 17.0, 27.0, 62.0),
    (3, 3.0, 3.0, 140.0),  # ellipsoid zone
    (3, 7.0, 9.0, 96.0),
    (3, 6.0, 6.0, 188.0),  # pigment epithelium
    (4, 42.0, 46.0, 112.0),
)


def draw(case_id: str) -> Drawn:
    """One patient: 448 x 256 pixels."""
    rng = patient_rng(case_id, 41)
    x = np.arange(SHAPE[0], dtype=float)
    fovea = np.exp(-(((x - rng.uniform(195, 255)) / rng.uniform(34, 48)) ** 2))
    bed = 158 + rng.normal(0, 5) - 22 * ((x - 224) / 224) ** 2 * rng.uniform(0.4, 1.2) + rng.normal(0, 0.06) * (x - 224)
    tops = _tops(bed, fovea, rng)
    depth = np.arange(SHAPE[1])[None, :]
    echo = np.full(SHAPE, 22.0)
    labels = np.zeros(SHAPE, np.uint8)
    for (label, _, _, level), top in zip(_LAYERS, tops[:-1], strict=True):
        below = depth >= top[:, None]
        echo = np.where(below, level, echo)
        labels[below] = label
    under = depth >= tops[-1][:, None]
    labels[under] = 0
    echo = np.where(under, 70 * np.exp(-(depth - tops[-1][:, None]) / 30), echo)
    return drawn_2d(_scan(echo, labels, rng), reference(labels), "OCT", LABELS)


def _tops(bed: Picture, fovea: Picture, rng: np.random.Generator) -> list[Picture]:
    """Upper edge of every layer (and the lower edge of the last) by column; the pigment epithelium lies on ``bed``."""
    thick = [
        (1 - fovea) * normal * rng.uniform(0.88, 1.12) + fovea * pit + 0.5 * texture((SHAPE[0], 1), rng, (18, 0))[:, 0]
        for _, normal, pit, _ in _LAYERS
    ]
    tops = [bed - sum(thick[:7])]
    for layer in thick:
        tops.append(tops[-1] + np.maximum(layer, 0.5))
    return tops


def _scan(echo: Picture, labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Speckle, shadows of vessels, and the mottled choroid."""
    mottled = echo + (labels == 4) * 26 * texture(SHAPE, rng, 5)
    shadows = np.ones(SHAPE[0])
    for at in rng.uniform(20, SHAPE[0] - 20, 4):
        shadows -= 0.4 * np.exp(-(((np.arange(SHAPE[0]) - at) / 3.0) ** 2))
    mottled = np.where(labels > 0, mottled * shadows[:, None], mottled)
    speckle = gaussian_filter(rng.gamma(2.2, 1 / 2.2, SHAPE), (1.0, 0.5))
    return to_bytes(gaussian_filter(mottled, 0.8) * (0.35 + 0.65 * speckle) + rng.normal(0, 5, SHAPE))


SAMPLES.add(
    "retina-oct",
    Sample(
        description="Phantom of the retina in OCT, 6 patients, layers round the fovea with known truth.",
        modality="OCT",
        licence="Apache-2.0 (drawn by code)",
        labels=LABELS,
        cases=patients(6),
        draw=draw,
        sources=("phantom",),
    ),
)
