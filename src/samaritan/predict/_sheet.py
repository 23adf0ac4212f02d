"""Panels on a dark sheet with a legend below, and the marks that a radiologist looks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from samaritan.core import Plane
from samaritan.core.colour import Colour
from samaritan.predict._font import font

BACKGROUND: Colour = (17, 18, 22)
TEXT: Colour = (226, 228, 232)
QUIET: Colour = (124, 128, 138)
NOTE = "samaritan · research use, not a medical device"

MARGIN, GAP, CAPTION, LINE = 16, 12, 22, 24
WIDEST = 1240

#: plane -> patient's sides at the left, right, top and bottom edge of a picture of :class:`samaritan.core.SliceView`
SIDES: dict[Plane, tuple[str, str, str, str]] = {
    "axial": ("R", "L", "A", "P"),
    "coronal": ("R", "L", "S", "I"),
    "sagittal": ("A", "P", "S", "I"),
}

#: Lengths of a scale bar in millimetres.
BARS_MM = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)


@dataclass(frozen=True)
class Entry:
    """A line of the legend: a target's name, its size in words, its colour."""

    name: str
    size: str
    colour: Colour | None


def label_sides(pen: ImageDraw.ImageDraw, size: tuple[int, int], plane: Plane) -> None:
    """Write the patient's sides at the four edges of a drawing of ``size`` (width, height)."""
    width, height = size
    places = ((6, height / 2, "lm"), (width - 6, height / 2, "rm"), (width / 2, 5, "mt"), (width / 2, height - 5, "mb"))
    for letter, (x, y, anchor) in zip(SIDES[plane], places, strict=True):
        _write(pen, (x, y), letter, anchor)


def scale_bar(pen: ImageDraw.ImageDraw, size: tuple[int, int], px_per_mm: float) -> None:
    """Draw a bar of a round length, at most a quarter of the width, at the lower left."""
    fitting = [length for length in BARS_MM if length * px_per_mm <= size[0] / 4]
    if not fitting or size[1] < 60:
        return
    left, bottom = 12, size[1] - 12
    right = left + fitting[-1] * px_per_mm
    pen.line([left - 1, bottom, right + 1, bottom], fill=(0, 0, 0), width=5)
    pen.line([left, bottom, right, bottom], fill=TEXT, width=3)
    _write(pen, (left, bottom - 6), f"{fitting[-1]:g} mm", "lb")


def sheet(panels: Sequence[tuple[str, Image.Image]], legend: Sequence[Entry]) -> Image.Image:
    """Lay ``panels`` (title, drawing) out in rows, the legend and a quiet note below."""
    caption = CAPTION if any(title for title, _ in panels) else 0
    rows = _rows(panels)
    inner = max(sum(image.width for _, image in row) + GAP * (len(row) - 1) for row in rows)
    lines = _lines(legend, max(inner, 360))
    inner = max(inner, 360)
    heights = [max(image.height for _, image in row) + caption for row in rows]
    height = MARGIN + sum(heights) + GAP * len(rows) + LINE * (len(lines) + 1) + MARGIN // 2
    page = Image.new("RGB", (inner + 2 * MARGIN, height), BACKGROUND)
    pen = ImageDraw.Draw(page)
    top = MARGIN
    for row, tall in zip(rows, heights, strict=True):
        left = MARGIN
        for title, image in row:
            pen.text((left, top), title, fill=QUIET, font=font(13))
            page.paste(image, (left, top + caption))
            left += image.width + GAP
        top += tall + GAP
    for number, line in enumerate(lines):
        _legend_line(pen, line, top + LINE * number + LINE // 2)
    pen.text((page.width - MARGIN, page.height - MARGIN), NOTE, fill=QUIET, font=font(10), anchor="rm")
    return page


def _rows(panels: Sequence[tuple[str, Image.Image]]) -> list[list[tuple[str, Image.Image]]]:
    rows: list[list[tuple[str, Image.Image]]] = [[]]
    used = 0
    for title, image in panels:
        if rows[-1] and used + GAP + image.width > WIDEST:
            rows.append([])
            used = 0
        rows[-1].append((title, image))
        used += GAP + image.width
    return rows


def _lines(legend: Sequence[Entry], width: int) -> list[list[tuple[int, Entry]]]:
    """Entries with their left edges, broken into lines of at most ``width``."""
    lines: list[list[tuple[int, Entry]]] = [[]]
    left = 0
    for entry in legend:
        needed = 22 + round(font(14).getlength(f"{entry.name}  {entry.size}")) + 2 * GAP
        if lines[-1] and left + needed > width:
            lines.append([])
            left = 0
        lines[-1].append((MARGIN + left, entry))
        left += needed
    return lines


def _legend_line(pen: ImageDraw.ImageDraw, line: Sequence[tuple[int, Entry]], middle: int) -> None:
    for left, entry in line:
        if entry.colour is not None:
            pen.rounded_rectangle([left, middle - 6, left + 12, middle + 6], radius=3, fill=entry.colour)
        pen.text((left + 20, middle), entry.name, fill=TEXT, font=font(14), anchor="lm")
        offset = round(font(14).getlength(f"{entry.name}  "))
        pen.text((left + 20 + offset, middle), entry.size, fill=QUIET, font=font(14), anchor="lm")


def _write(pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, anchor: str) -> None:
    pen.text(place, text, fill=TEXT, font=font(14), anchor=anchor, stroke_width=2, stroke_fill=(0, 0, 0))
