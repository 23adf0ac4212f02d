"""Masks and prompts drawn over a picture, so that a person sees at a glance what was asked and what came back.

Colours are those of :mod:`samaritan.core.colour`; each line has a dark rim, so that it shows on snow and on coal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from samaritan.core import InputError, PromptSet
from samaritan.core.colour import PALETTE, Colour, colour_of
from samaritan.predict._contour import Curve, evenly, outlines

Mask = NDArray[np.bool_]

REFERENCE: Colour = (0, 213, 255)
PREDICTION: Colour = PALETTE[0]
POSITIVE: Colour = (0, 158, 115)
NEGATIVE: Colour = (213, 60, 0)
WHITE: Colour = (255, 255, 255)

FILL_OPACITY = 0.16
LINE_PX = 2.0
RIM_PX = 1.0

#: Distance between the corners of a drawn curve; wide lines of much shorter pieces come out ragged.
STEP_PX = 1.5

#: Drawn this many times larger and scaled down, which makes edges smooth.
SUPERSAMPLING = 3


@dataclass(frozen=True)
class Layer:
    """One mask to draw.

    Attributes:
        mask: (x, y) bool.
        colour: of outline and fill.
        fill: opacity inside, 0 for an outline alone.
        width: of the outline, in pixels of the drawing.
    """

    mask: Mask
    colour: Colour
    fill: float = FILL_OPACITY
    width: float = LINE_PX


@dataclass(frozen=True)
class Frame:
    """Which part of the picture is drawn, and how large.

    Attributes:
        window: (x0, y0, x1, y1) pixels, the last ones excluded.
        scale: pixels of the drawing per pixel of the picture along (x, y).
    """

    window: tuple[int, int, int, int]
    scale: tuple[float, float]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the drawing."""
        x0, y0, x1, y1 = self.window
        return max(1, round((x1 - x0) * self.scale[0])), max(1, round((y1 - y0) * self.scale[1]))

    def place(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) positions in the picture -> positions in the supersampled drawing."""
        moved = xy + 0.5 - np.array(self.window[:2], float)
        return np.asarray(moved * np.array(self.scale) * SUPERSAMPLING)


def draw_overlay(
    picture: NDArray[np.uint8],
    *,
    pred: Mask | None = None,
    ref: Mask | None = None,
    masks: Mapping[str, Mask] | None = None,
    prompts: Sequence[PromptSet] = (),
    window: tuple[int, int, int, int] | None = None,
    side: int = 512,
    spacing: tuple[float, float] = (1.0, 1.0),
) -> Image.Image:
    """Draw masks and prompts over a picture.

    Args:
        picture: (x, y, 3) uint8.
        pred: (x, y) predicted mask: amber outline with a translucent fill.
        ref: (x, y) reference mask: a wider cyan outline below it, seen on both sides where the two agree.
        masks: (x, y) masks by target, coloured by :func:`colour_of` in their order.
        prompts: at (x, y, 0) of the picture: boxes white, clicks as discs with plus or minus.
        window: part of the picture to show, (x0, y0, x1, y1) with the last ones excluded; all of it otherwise.
        side: longest side of the drawing in pixels.
        spacing: distance between pixels along (x, y), so that a pixel that is longer than wide is drawn so.

    Raises:
        InputError: the picture is not (x, y, 3) uint8, or a mask has another size.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise InputError(f"An overlay needs an (x, y, 3) uint8 picture; received {picture.shape} {picture.dtype}.")
    layers = [Layer(mask, colour_of(number)) for number, mask in enumerate((masks or {}).values())]
    layers += [Layer(ref, REFERENCE, 0.0, 1.6 * LINE_PX)] if ref is not None else []
    layers += [Layer(pred, PREDICTION)] if pred is not None else []
    for layer in layers:
        if layer.mask.shape != picture.shape[:2]:
            raise InputError(f"A mask of shape {layer.mask.shape} does not fit a picture of {picture.shape[:2]}.")
    frame = _frame(picture, window, side, spacing)
    base = _filled(_shown(picture, frame), layers, frame)
    glass = Image.new("RGBA", (frame.size[0] * SUPERSAMPLING, frame.size[1] * SUPERSAMPLING))
    pen = ImageDraw.Draw(glass)
    _draw_outlines(pen, layers, frame)
    for prompt in prompts:
        _draw_prompt(pen, prompt, frame)
    base.paste(drawn := glass.resize(frame.size, Image.Resampling.BOX), mask=drawn.getchannel("A"))
    return base


def _frame(
    picture: NDArray[np.uint8], window: tuple[int, int, int, int] | None, side: int, spacing: tuple[float, float]
) -> Frame:
    x0, y0, x1, y1 = window or (0, 0, picture.shape[0], picture.shape[1])
    longest = max((x1 - x0) * spacing[0], (y1 - y0) * spacing[1])
    return Frame((x0, y0, x1, y1), (side * spacing[0] / longest, side * spacing[1] / longest))


def _shown(picture: NDArray[np.uint8], frame: Frame) -> Image.Image:
    x0, y0, x1, y1 = frame.window
    image = Image.fromarray(np.ascontiguousarray(picture[x0:x1, y0:y1].swapaxes(0, 1)))
    return image.resize(frame.size, Image.Resampling.BICUBIC, reducing_gap=3.0)


def _filled(image: Image.Image, layers: Sequence[Layer], frame: Frame) -> Image.Image:
    x0, y0, x1, y1 = frame.window
    for layer in layers:
        if layer.fill:
            part = Image.fromarray(np.ascontiguousarray(layer.mask[x0:x1, y0:y1].T).astype(np.uint8) * 255)
            soft = part.resize(frame.size, Image.Resampling.BILINEAR)
            steep = max(frame.scale)  # one pixel of the drawing from nothing to full, whatever the magnification
            alpha = soft.point(
                [round(min(max((v / 255 - 0.5) * steep + 0.5, 0), 1) * layer.fill * 255) for v in range(256)]
            )
            image.paste(layer.colour, mask=alpha)
    return image


def _draw_outlines(pen: ImageDraw.ImageDraw, layers: Sequence[Layer], frame: Frame) -> None:
    step = STEP_PX * SUPERSAMPLING
    curves = [[evenly(frame.place(c), step) for c in outlines(_within(layer.mask, frame))] for layer in layers]
    for layer, own in zip(
        layers, curves, strict=True
    ):  # rims first, or the upper layer's would hide the lower one's line
        for curve in own:
            _stroke(pen, curve, (0, 0, 0, 120), layer.width + 2 * RIM_PX)
    for layer, own in zip(layers, curves, strict=True):
        for curve in own:
            _stroke(pen, curve, (*layer.colour, 255), layer.width)


def _within(mask: Mask, frame: Frame) -> Mask:
    x0, y0, x1, y1 = frame.window
    inside = np.zeros_like(mask)
    inside[x0:x1, y0:y1] = mask[x0:x1, y0:y1]
    return inside


def _stroke(pen: ImageDraw.ImageDraw, curve: Curve, colour: tuple[int, ...], width: float) -> None:
    pen.line([(x, y) for x, y in curve.tolist()], fill=colour, width=round(width * SUPERSAMPLING), joint="curve")


def _draw_prompt(pen: ImageDraw.ImageDraw, prompt: PromptSet, frame: Frame) -> None:
    if prompt.box is not None:
        ends = np.stack([prompt.box.lo[:2] - 0.5, prompt.box.hi[:2] + 0.5])
        (left, top), (right, bottom) = frame.place(ends)
        for colour, width in (((0, 0, 0, 110), 3.0), ((*WHITE, 255), 1.4)):
            grow = width * SUPERSAMPLING / 2
            edges = (left - grow, top - grow, right + grow, bottom + grow)
            pen.rectangle(edges, outline=colour, width=round(2 * grow))
    if prompt.points is not None:
        places = frame.place(prompt.points.ijk[:, :2])
        for (x, y), label in zip(places.tolist(), prompt.points.labels.tolist(), strict=True):
            _disc(pen, x, y, "+" if label else "-", 5.0)


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, sign: Literal["+", "-"], radius: float) -> None:
    unit = float(SUPERSAMPLING)
    for colour, size in (((0, 0, 0, 110), radius + 2.2), ((*WHITE, 255), radius + 1.2), (_sign_colour(sign), radius)):
        pen.ellipse([x - size * unit, y - size * unit, x + size * unit, y + size * unit], fill=colour)
    arm, half = radius * 0.6 * unit, 0.75 * unit
    pen.rectangle([x - arm, y - half, x + arm, y + half], fill=WHITE)
    if sign == "+":
        pen.rectangle([x - half, y - arm, x + half, y + arm], fill=WHITE)


def _sign_colour(sign: Literal["+", "-"]) -> Colour:
    return POSITIVE if sign == "+" else NEGATIVE
