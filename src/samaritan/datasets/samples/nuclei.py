"""Fluorescence nuclei with instance masks, the example image that stardist ships, as four quarters."""

from __future__ import annotations

import numpy as np

import samaritan.io as files
from samaritan.core import Geometry, LabelMap, Volume
from samaritan.datasets._base import REFERENCE
from samaritan.datasets.samples._base import SAMPLES, Drawn, Sample, package_file

PACKAGE = "stardist"
SIDE = 256
LABELS = {1: "nucleus"}

#: case -> (left, top) corner of the quarter in the image of 512 x 512 pixels.
QUARTERS = {"q1": (0, 0), "q2": (256, 0), "q3": (0, 256), "q4": (256, 256)}


def draw(case_id: str) -> Drawn:
    """One quarter, 256 x 256 pixels; each nucleus keeps its value, also where the cut went through it."""
    left, top = QUARTERS[case_id]
    part = np.s_[left : left + SIDE, top : top + SIDE]
    image = files.read_volume(package_file(PACKAGE, "data/images/img2d.tif"))
    masks = files.read_labels(package_file(PACKAGE, "data/images/mask2d.tif"))
    grid = Geometry.pixels(SIDE, SIDE)
    labels = LabelMap(masks.data[part].copy(), grid, LABELS)
    return Drawn(Volume(image.data[part].copy(), grid, "microscopy"), {REFERENCE: labels})


SAMPLES.add(
    "nuclei",
    Sample(
        description="Fluorescence microscopy of nuclei with one mask each: the example image of StarDist, in quarters.",
        modality="fluorescence microscopy",
        licence="CC0 (Data Science Bowl 2018, BBBC038), as shipped in stardist (BSD-3-Clause)",
        labels=LABELS,
        cases=dict.fromkeys(QUARTERS, "img2d"),
        draw=draw,
        instances=True,
        package=PACKAGE,
        sources=("dsb2018",),
        install="pip install --no-deps stardist",
        notes=("Four quarters of one image: one patient as far as statistics go.",),
    ),
)
