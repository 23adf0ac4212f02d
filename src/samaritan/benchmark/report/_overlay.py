"""Until predict.overlay is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

REF, PRED = (0, 213, 255), (255, 176, 0)


def draw(
    picture: NDArray[np.uint8],
    ref: NDArray[np.bool_],
    pred: NDArray[np.bool_],
    prompts: Sequence[dict[str, Any]],
    window: tuple[int, int, int, int],
    side: int,
) -> Image.Image:
    x0, y0, x1, y1 = window
    scale = side / max(x1 - x0, y1 - y0)
    size = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    image = Image.fromarray(np.ascontiguousarray(picture[x0:x1, y0:y1].swapaxes(0, 1))).resize(
        size, Image.Resampling.BICUBIC
    )
    pixels = np.asarray(image).astype(float)
    for mask, colour, fill in ((pred, PRED, 0.25), (ref, REF, 0.0)):
        big = np.asarray(
            Image.fromarray(np.ascontiguousarray(mask[x0:x1, y0:y1].T)).resize(size, Image.Resampling.NEAREST)
        ).astype(bool)
        inner = big.copy()
        for _ in range(2):
            p = np.pad(inner, 1)
            inner = p[1:-1, 1:-1] & p[:-2, 1:-1] & p[2:, 1:-1] & p[1:-1, :-2] & p[1:-1, 2:]
        pixels[big] = pixels[big] * (1 - fill) + np.array(colour) * fill
        pixels[big & ~inner] = colour
    image = Image.fromarray(pixels.round().astype(np.uint8))
    pen = ImageDraw.Draw(image)

    def at(x: float, y: float) -> tuple[float, float]:
        return (x + 0.5 - x0) * scale, (y + 0.5 - y0) * scale

    for prompt in prompts:
        if prompt.get("box"):
            b = prompt["box"]
            pen.rectangle([*at(b[0] - 0.5, b[1] - 0.5), *at(b[2] + 0.5, b[3] + 0.5)], outline=(255, 255, 255), width=1)
        for x, y, label in prompt.get("points") or ():
            cx, cy = at(x, y)
            pen.ellipse(
                [cx - 4, cy - 4, cx + 4, cy + 4],
                fill=(60, 220, 90) if label else (230, 60, 60),
                outline=(255, 255, 255),
            )
    return image
