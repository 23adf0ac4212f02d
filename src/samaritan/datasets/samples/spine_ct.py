"""A DICOM file of pydicom: one axial CT slice of a thoracic vertebra, outlined by hand."""

from __future__ import annotations

import samaritan.io as files
from samaritan.datasets.samples._base import SAMPLES, Drawn, Sample, package_file
from samaritan.datasets.samples._draw import outlined

PACKAGE = "pydicom"

#: (column, row) corners, drawn for this project on the enlarged picture.
OUTLINES = {
    "vertebral_body": (
        (59, 6), (66, 8), (71, 13), (75, 20), (78, 29), (79, 38), (78, 46), (75, 48.5), (71, 47.5), (66, 43.5), (62, 41),
        (56, 41), (51, 44), (48, 47.5), (42, 47.5), (41.5, 40), (42, 30), (44, 20), (47, 13), (52, 8),
    ),
    "spinal_canal": (
        (59, 41.2), (65, 43), (69.5, 47), (71.2, 51.5), (69.5, 56.5), (65, 60), (59, 61.8), (53, 60), (48.5, 56.5),
        (46.8, 51.5), (48.5, 47), (53, 43),
    ),
    "aorta": ((72, -1), (73, 8), (76.5, 16), (82, 21.5), (88, 24), (95, 23), (102, 19), (107, 12), (109.4, 4), (109, -1)),
}  # fmt: skip


def draw(_case_id: str) -> Drawn:
    """One slice of 128 x 128 pixels of 0.66 mm, in Hounsfield units."""
    return outlined(files.read_volume(package_file(PACKAGE, "data/test_files/CT_small.dcm")), OUTLINES)


SAMPLES.add(
    "spine-ct",
    Sample(
        description="One DICOM slice of a thoracic vertebra in CT, three structures outlined by hand.",
        modality="CT",
        licence="as shipped in pydicom (MIT); outlines Apache-2.0",
        labels=dict(enumerate(OUTLINES, start=1)),
        cases={"slice": "ct1-unc"},
        draw=draw,
        package=PACKAGE,
        sources=("pydicom-samples",),
        install="pip install pydicom",
        notes=("Outlined by the authors of this package, not by a radiologist.",),
    ),
)
