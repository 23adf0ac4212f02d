"""How the figures of docs/concepts look: white ground, so that they read on light and dark pages, and colours for all eyes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from samaritan.core import atomic_path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "concepts"

#: Okabe and Ito's colours.
BLUE, ORANGE, GREEN, SKY, RED = "#0072b2", "#e69f00", "#009e73", "#56b4e9", "#d55e00"
INK, GREY, FAINT = "#1c2733", "#5b6672", "#d5dbe1"

mpl.rcParams.update(
    {
        "font.family": "DejaVu Sans", "font.size": 9, "axes.titlesize": 9.5, "axes.edgecolor": GREY, "axes.labelcolor": INK,
        "text.color": INK, "xtick.color": GREY, "ytick.color": GREY, "axes.spines.top": False, "axes.spines.right": False,
        "figure.facecolor": "white", "savefig.facecolor": "white", "figure.dpi": 100, "svg.hashsalt": "samaritan",
    }
)  # fmt: skip


def panels(count: int, wide: float, high: float, *, fitted: bool = True) -> tuple[Any, Any]:
    """A figure of ``count`` axes side by side, of a size in inches; ``fitted`` makes room for what stands around them."""
    figure, axes = plt.subplots(1, count, figsize=(wide, high), constrained_layout=fitted, squeeze=False)
    return figure, axes[0]


def save(figure: Any, name: str) -> None:
    """Write docs/concepts/NAME, without a date in it."""
    with atomic_path(FOLDER / name) as temporary:
        figure.savefig(temporary, format="png", dpi=130, metadata={"Software": ""})
    plt.close(figure)
    print(name)


def picture(axes: Any, pixels: Any, title: str = "") -> None:
    """Show an (x, y) or (x, y, 3) picture as a viewer does: x to the right, y downwards."""
    axes.imshow(pixels.swapaxes(0, 1), cmap="gray", interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title)
    for side in axes.spines.values():
        side.set_visible(False)
