"""The outline of a mask as curves that stay thin and smooth at any magnification."""

from __future__ import annotations

import numpy as np
from contourpy import LineType, contour_generator
from numpy.typing import NDArray

Curve = NDArray[np.float64]


def outlines(mask: NDArray[np.bool_], smoothing: int = 2) -> list[Curve]:
    """Closed curves around the (x, y) ``mask``, each (n, 2) positions (x, y), pixel centres at whole numbers.

    Marching squares halfway between pixels inside and outside, so a single pixel still has an outline; then corner cutting
    (Chaikin 1974), which moves no curve by more than a quarter of a pixel.

    Args:
        mask: the mask; beyond the picture counts as outside.
        smoothing: rounds of corner cutting.
    """
    if not mask.any():
        return []
    padded = np.pad(mask, 1).T.astype(np.float64)  # contourpy's x runs along the second axis
    lines = contour_generator(z=padded, line_type=LineType.Separate).lines(0.5)
    curves = [np.asarray(line, np.float64) - 1.0 for line in lines]
    for _ in range(smoothing):
        curves = [_cut_corners(curve) for curve in curves]
    return curves


def evenly(curve: Curve, step: float) -> Curve:
    """The closed ``curve`` with corners about ``step`` apart along it, 8 at least."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    places = np.linspace(0.0, lengths[-1], max(8, round(lengths[-1] / step)) + 1)
    return np.column_stack([np.interp(places, lengths, curve[:, axis]) for axis in (0, 1)])


def _cut_corners(curve: Curve) -> Curve:
    start, end = curve[:-1], curve[1:]
    cut = np.stack([0.75 * start + 0.25 * end, 0.25 * start + 0.75 * end], axis=1).reshape(-1, 2)
    return np.concatenate([cut, cut[:1]])
