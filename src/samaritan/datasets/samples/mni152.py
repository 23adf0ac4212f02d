"""The MNI152 T1 template that nilearn ships: tissues on axial slices, the whole brain on coronal ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import samaritan.io as files
from samaritan.core import Geometry, LabelMap, Volume
from samaritan.datasets._base import REFERENCE
from samaritan.datasets.samples._base import SAMPLES, Drawn, Sample, package_file

PACKAGE = "nilearn"
TISSUES = {1: "grey_matter", 2: "white_matter"}
BRAIN = {1: "brain"}

#: A voxel (0..255) is tissue where the probability map passes the half.
HALF = 127


def draw_tissues(_case_id: str) -> Drawn:
    """Eight axial slices, 12 mm apart, with grey and white matter where either is more likely than not."""
    image, grey, white = (_file(name) for name in ("t1", "gm", "wm"))
    labels = np.where((white.data >= grey.data) & (white.data > HALF), 2, np.where(grey.data > HALF, 1, 0))
    return _cut(image, labels.astype(np.uint8), axis=2, first=40, step=12, count=8, names=TISSUES)


def draw_brain(_case_id: str) -> Drawn:
    """Six coronal slices, 24 mm apart; the template comes without skull, so the brain is every voxel above 0."""
    image = _file("t1")
    return _cut(image, (image.data > 0).astype(np.uint8), axis=1, first=56, step=24, count=6, names=BRAIN)


def _cut(
    image: Volume, labels: NDArray[np.uint8], *, axis: int, first: int, step: int, count: int, names: dict[int, str]
) -> Drawn:
    """Every ``step``-th slice along ``axis``; the spacing says how far apart they are."""
    pick = [slice(None)] * 3
    pick[axis] = slice(first, first + step * count, step)
    affine = image.geometry.affine.copy()
    affine[:3, 3] = image.geometry.to_world([first if a == axis else 0 for a in range(3)])[0]
    affine[:3, axis] *= step
    data = np.ascontiguousarray(image.data[tuple(pick)])
    geometry = Geometry((data.shape[0], data.shape[1], data.shape[2]), affine)
    reference = LabelMap(np.ascontiguousarray(labels[tuple(pick)]), geometry, names)
    return Drawn(Volume(data, geometry, "MR"), {REFERENCE: reference})


def _file(kind: str) -> Volume:
    return files.read_volume(package_file(PACKAGE, f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz"))


for _name, _labels, _draw, _what in (
    (
        "mni152-tissue",
        TISSUES,
        draw_tissues,
        "8 axial slices 12 mm apart, grey and white matter where more likely than not",
    ),
    ("mni152-brain", BRAIN, draw_brain, "6 coronal slices 24 mm apart, the whole brain"),
):
    SAMPLES.add(
        _name,
        Sample(
            description=f"MNI152 T1 template (2009a, skull removed): {_what}.",
            modality="MR T1",
            licence="ICBM 152 terms (free use with notice), as shipped in nilearn (BSD-3-Clause)",
            labels=_labels,
            cases={"template": "mni152"},
            draw=_draw,
            package=PACKAGE,
            install='pip install "samaritan[samples]"',
            sources=("mni152",),
            notes=("An average of 152 people, so smoother than any scan; one patient as far as statistics go.",),
        ),
    )
