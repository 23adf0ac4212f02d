"""Panels with captions on one sheet, in the colours of previews, saved small."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from samaritan.core import PromptSet, atomic_path
from samaritan.predict._sheet import Entry, sheet
from samaritan.predict.overlay import PREDICTION, REFERENCE, draw_overlay

ROOT = Path(__file__).resolve().parents[2]

#: Where tutorials and how-to pages find their pictures.
TUTORIALS, HOW_TO = ROOT / "docs" / "tutorials", ROOT / "docs" / "how-to"

#: What the colours of masks are called below a sheet.
MASKS = (Entry("answer", "", PREDICTION), Entry("reference", "", REFERENCE))

Mask = NDArray[np.bool_]
Panel = tuple[str, Image.Image]


def overlay(
    title: str, picture: NDArray[Any], *, pred: Mask | None = None, ref: Mask | None = None,
    prompts: Sequence[PromptSet] = (), side: int = 290, window: tuple[int, int, int, int] | None = None,
    spacing: tuple[float, float] = (1.0, 1.0),
) -> Panel:  # fmt: skip
    """One panel; ``picture`` is (x, y, 3) in 0..255, masks are (x, y)."""
    shown = np.clip(picture, 0, 255).astype(np.uint8)
    return title, draw_overlay(shown, pred=pred, ref=ref, prompts=prompts, side=side, window=window, spacing=spacing)


def save(panels: Sequence[Panel], out: Path, legend: Sequence[Entry] = MASKS) -> None:
    """Lay the panels out and write a PNG of few colours."""
    write_png(sheet(panels, legend), out)


def write_png(image: Image.Image, out: Path, colours: int = 256) -> None:
    """Write with a palette, which keeps screenshots and greys below a few hundred kilobytes."""
    small = image.convert("RGB").quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    with atomic_path(out) as temporary:
        small.save(temporary, "PNG", optimize=True)
    print(f"{out.relative_to(ROOT) if out.is_relative_to(ROOT) else out}: {out.stat().st_size / 1000:.0f} kB")
