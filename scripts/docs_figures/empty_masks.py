"""The figure of docs/concepts/empty-masks.md: four pairs of masks and what the metrics say.

Usage: python scripts/docs_figures/empty_masks.py
"""

from __future__ import annotations

import math

import numpy as np
from _style import BLUE, GREY, INK, ORANGE, panels, save
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

import samaritan as sam
from samaritan.evaluate import METRICS

SIDE, RADIUS = 64, 12
SHOWN = ("dice", "iou", "nsd", "hd95_mm", "assd_mm", "volume_difference")


def main() -> None:
    """Draw it."""
    disc = np.hypot(*np.mgrid[-SIDE // 2 : SIDE // 2, -SIDE // 2 : SIDE // 2]) < RADIUS
    nothing = np.zeros_like(disc)
    pairs = {
        "found, a little off": (np.roll(disc, 4, 0), disc),
        "only the prediction is empty:\na miss": (nothing, disc),
        "only the reference is empty:\na false alarm": (disc, nothing),
        "both are empty": (nothing, nothing),
    }
    figure, axes = panels(len(pairs), 9, 4.2, fitted=False)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.9, bottom=0.34, wspace=0.06)
    for place, (title, (pred, ref)) in zip(axes, pairs.items(), strict=True):
        place.imshow(_drawn(pred, ref).swapaxes(0, 1), interpolation="nearest")
        place.set(xticks=[], yticks=[], title=title)
        found = sam.score(pred=pred[..., None], ref=ref[..., None], spacing=(1.0, 1.0, 1.0))
        for line, name in enumerate(SHOWN):
            y = -0.12 - 0.105 * line
            place.text(0.3, y, METRICS.get(name).title, transform=place.transAxes, color=GREY, ha="right")
            place.text(0.38, y, _words(found[name]), transform=place.transAxes, color=INK)
    axes[0].text(2, 6, "reference", color=BLUE, weight="bold")
    axes[0].text(2, 13, "prediction", color=ORANGE, weight="bold")
    save(figure, "empty-masks.png")


def _drawn(pred: NDArray[np.bool_], ref: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(x, y, 3): both masks, mixed where they overlap."""
    ground = np.full((*ref.shape, 3), 0.95)
    ground[ref] = to_rgb(BLUE)
    ground[pred] = to_rgb(ORANGE)
    ground[pred & ref] = (np.array(to_rgb(BLUE)) + to_rgb(ORANGE)) / 2
    return ground


def _words(value: float) -> str:
    if math.isnan(value):
        return "undefined, counted"
    diagonal = math.isclose(value, math.hypot(SIDE, SIDE))
    return f"{value:.1f} (the diagonal)" if diagonal else f"{value:.2f}"


if __name__ == "__main__":
    main()
