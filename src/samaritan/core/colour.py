"""Colours of targets, the same in previews, in DICOM SEG and in RTSTRUCT.

They are told apart with every common colour blindness (after Okabe and Ito 2008, brightened for dark images).
"""

from __future__ import annotations

Colour = tuple[int, int, int]

#: In the order of targets; used again from the start where there are more.
PALETTE: tuple[Colour, ...] = (
    (255, 176, 0), (0, 213, 255), (255, 110, 180), (60, 220, 140), (250, 235, 80), (150, 140, 255), (255, 110, 60),
    (190, 235, 255),
)  # fmt: skip


def colour_of(index: int) -> Colour:
    """The RGB colour of target number ``index``, from 0."""
    return PALETTE[index % len(PALETTE)]


def lab_of(colour: Colour) -> tuple[float, float, float]:
    """CIELab (L*, a*, b*; white is that of the profile connection space, D50) of an sRGB colour (IEC 61966-2-1)."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in colour)]
    x, y, z = (
        _cube_root(sum(weight * part for weight, part in zip(row, linear, strict=True)) / white)
        for row, white in zip(_SRGB_TO_XYZ, _WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


# sRGB to XYZ, adapted to D50 (Bradford), and the white point itself
_SRGB_TO_XYZ = ((0.43607, 0.38506, 0.14308), (0.22250, 0.71688, 0.06062), (0.01393, 0.09710, 0.71417))
_WHITE = (0.96422, 1.0, 0.82521)


def _cube_root(value: float) -> float:
    return value ** (1 / 3) if value > (6 / 29) ** 3 else value * (29 / 6) ** 2 / 3 + 4 / 29
