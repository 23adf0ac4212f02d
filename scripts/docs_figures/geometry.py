"""Figures of docs/concepts/geometry.md, computed by samaritan.core.

Usage: python scripts/docs_figures/geometry.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
from _style import BLUE, FAINT, GREY, INK, ORANGE, RED, panels, picture, save
from matplotlib.patches import Rectangle

import samaritan as sam
from samaritan.core import SliceView

#: Voxel axes and directions of an array that holds the same head in another order.
ORDERS = (((0, 1, 2), (1, 1, 1)), ((1, 0, 2), (1, 1, -1)), ((0, 1, 2), (-1, -1, 1)), ((2, 1, 0), (1, -1, 1)))
SLICE = 4

#: A place on the right side of the head, RAS+ mm; in a picture it is on the left.
RIGHT = (45.0, 20.0, 0.0)


def main() -> None:
    """All figures."""
    grid()
    orders()
    oblique()


def grid() -> None:
    """Centres on whole numbers, and what a box covers."""
    figure, (axes,) = panels(1, 6.4, 3.5)
    for i in range(9):
        for j in range(5):
            axes.add_patch(Rectangle((i - 0.5, j - 0.5), 1, 1, fill=False, edgecolor=FAINT))
            axes.plot(i, j, ".", color=GREY, markersize=4)
    low, high = np.array([2, 1]), np.array([5, 3])
    axes.add_patch(Rectangle(low - 0.5, *(high - low + 1), facecolor=ORANGE, alpha=0.25))
    axes.add_patch(Rectangle(low, *(high - low), fill=False, edgecolor=RED, linewidth=2))
    axes.plot(*zip(low, high, strict=True), "o", color=RED)
    axes.annotate("box from (2, 1)", low, (low[0] - 0.15, low[1] - 0.32), color=RED, ha="center", weight="bold")
    axes.annotate("to (5, 3): 4 x 3 voxels", high, (high[0] + 0.1, high[1] + 0.3), color=RED, weight="bold")
    axes.annotate("the image begins at \u22120.5", (-0.5, 4.5), (-0.4, 4.95), color=INK)
    axes.annotate("and ends at n \u2212 0.5", (8.5, 4.5), (8.4, 4.95), color=INK, ha="right")
    axes.set(
        xlim=(-0.8, 8.8), ylim=(5.1, -0.8), aspect="equal", xlabel="i", ylabel="j", xticks=range(9), yticks=range(5)
    )
    axes.set_title("Voxel centres lie on whole numbers")
    save(figure, "geometry-grid.png")


def orders() -> None:
    """One head in four storage orders: what the array shows, and what the view does."""
    case = sam.open_datasets(["samples/mni152-tissue"])[0].cases[0]
    stored = case.read_image()
    figure, _ = panels(1, 8.4, 4.6)
    figure.clear()
    axes = figure.subplots(2, len(ORDERS))
    for column, (permutation, signs) in enumerate(ORDERS):
        voxels, geometry = reordered(stored.data, stored.geometry, permutation, signs)
        view = SliceView.of(geometry, "axial")
        through = view.axes[2]
        index = SLICE if geometry.world_axes[through][1] > 0 else view.count - 1 - SLICE
        raw = np.take(voxels, index, axis=through)
        picture(axes[0, column], raw, f"{geometry.orientation}, as stored")
        picture(axes[1, column], view.slice(voxels, index), "as a picture")
        place = geometry.to_voxel([RIGHT])
        axes[0, column].plot(*np.delete(place[0], through), "o", color=ORANGE, markersize=7)
        axes[1, column].plot(*view.to_picture(place)[0, :2], "o", color=ORANGE, markersize=7)
    save(figure, "geometry-orders.png")


def reordered(
    voxels: Any, geometry: sam.Geometry, permutation: tuple[int, ...], signs: tuple[int, ...]
) -> tuple[Any, sam.Geometry]:
    """The same voxels, at the same places in the world, in an array with other axes."""
    turned = voxels.transpose(permutation)[tuple(slice(None, None, sign) for sign in signs)]
    back = np.zeros((4, 4))
    back[3, 3] = 1
    for new, (old, sign) in enumerate(zip(permutation, signs, strict=True)):
        back[old, new] = sign
        back[old, 3] = turned.shape[new] - 1 if sign < 0 else 0
    return turned, sam.Geometry(turned.shape, geometry.affine @ back)


def oblique() -> None:
    """Where the slices of two volumes lie, seen from the side."""
    figure, (thick, tilted) = panels(2, 8.4, 3.6)
    upright = sam.Geometry.from_spacing((64, 64, 9), (3, 3, 16))
    angle = np.radians(25)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    slanted = sam.Geometry(upright.shape, turn @ upright.affine)
    for axes, geometry, words in ((thick, upright, "16 mm apart"), (tilted, slanted, "tilted by 25°")):
        _slices(axes, geometry)
        axes.set_title(f"{words}: {geometry.orientation}, shown as {SliceView.of(geometry).plane}")
        axes.set(aspect="equal", xlabel="to the back ← y (mm) → to the front", ylabel="z (mm), to the head")
    save(figure, "geometry-oblique.png")


def _slices(axes: Any, geometry: sam.Geometry) -> None:
    """Lines where slices lie in the y-z plane of the world, and the directions of j and k."""
    last = geometry.shape[1] - 1
    for k in range(geometry.shape[2]):
        ends = geometry.to_world([[0, 0, k], [0, last, k]])
        axes.plot(ends[:, 1], ends[:, 2], color=BLUE if k != 4 else ORANGE, linewidth=2.5 if k == 4 else 1.2)
    start, along_j, along_k = geometry.to_world([[0, 0, 0], [0, 18, 0], [0, 0, 3]])
    for end, name in ((along_j, "j"), (along_k, "k")):
        axes.annotate("", end[1:], start[1:], arrowprops={"arrowstyle": "->", "color": RED, "lw": 2})
        axes.annotate(name, end[1:], (end[1] + 6, end[2] + 6), color=RED, weight="bold")


if __name__ == "__main__":
    main()
