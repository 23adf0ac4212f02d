"""A DICOM file of pydicom: one axial MR slice of the upper abdomen, outlined by hand."""

from __future__ import annotations

import samaritan.io as files
from samaritan.datasets.samples._base import SAMPLES, Drawn, Sample, package_file
from samaritan.datasets.samples._draw import outlined

PACKAGE = "pydicom"

#: (column, row) corners, drawn for this project on the enlarged picture; the liver includes its lesion.
OUTLINES = {
    "liver": (
        (90, 92), (103, 87), (120, 90), (133, 98), (145, 104), (162, 106), (175, 112), (180, 124), (180, 138), (176, 149),
        (162, 161), (145, 168), (121, 173), (100, 181), (76, 192), (66, 193), (59, 188), (54, 176), (53, 159), (57, 138),
        (67, 120), (77, 104),
    ),
    "spleen": (
        (378, 120), (387, 125), (394, 135), (398, 149), (398, 169), (396, 187), (392, 204), (387, 218), (380, 228),
        (372, 232), (363, 226), (361, 214), (361, 194), (365, 173), (366, 152), (368, 135), (372, 124),
    ),
    "kidney_right": (
        (119, 225), (121, 214), (130, 202), (142, 194), (156, 191), (169, 189), (180, 194), (184, 202), (183, 214),
        (176, 226), (166, 237), (152, 246), (140, 249), (130, 244), (123, 235),
    ),
    "kidney_left": (
        (290, 216), (294, 209), (302, 202), (315, 200), (328, 200), (339, 207), (346, 218), (348, 230), (347, 240),
        (340, 247), (328, 251), (316, 246), (304, 239), (296, 228),
    ),
    "aorta": (
        (268, 168), (266, 176), (261, 181), (255, 183), (248, 181), (243, 176), (242, 168), (243, 161), (248, 156),
        (255, 154), (261, 156), (266, 161),
    ),
}  # fmt: skip


def draw(_case_id: str) -> Drawn:
    """One slice of 484 x 300 pixels of 0.72 mm, contrast-enhanced T1."""
    return outlined(files.read_volume(package_file(PACKAGE, "data/test_files/examples_overlay.dcm")), OUTLINES)


SAMPLES.add(
    "abdomen-mr",
    Sample(
        description="One DICOM slice of the upper abdomen in contrast-enhanced T1 MR, five organs outlined by hand.",
        modality="MR T1",
        licence="as shipped in pydicom (MIT); outlines Apache-2.0",
        labels=dict(enumerate(OUTLINES, start=1)),
        cases={"slice": "siemens-overlay"},
        draw=draw,
        package=PACKAGE,
        sources=("pydicom-samples",),
        install="pip install pydicom",
        notes=("Outlined by the authors of this package, not by a radiologist.",),
    ),
)
