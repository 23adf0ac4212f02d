"""One picture of the gallery: a preview decoded, cut to what matters, drawn and put into the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from samaritan.benchmark._row import Row
from samaritan.benchmark.report._run import Run
from samaritan.core import Box, Points, PromptSet
from samaritan.predict.overlay import draw_overlay

#: A target that extends over less than this share of the picture is enlarged, until it takes up ENLARGED of the window.
SMALL = 0.33
ENLARGED = 0.5

#: An enlarged window is at least this many pixels high: below, single pixels are all that is seen.
LEAST = 48

#: Width over height of an enlarged window: that of the frames in the page.
ASPECT = 4 / 3

QUALITY = 82

#: (x0, y0, x1, y1) of a picture, the last ones excluded.
Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class Plate:
    """One picture.

    Attributes:
        title: "best", "median", "worst", the target, or the prompt.
        source: data URI.
        size: (width, height) in pixels.
        row: whose result it shows.
        enlarged: True when it shows a part of the picture only.
        slice: number of the slice, or None where the image has only one.
    """

    title: str
    source: str
    size: tuple[int, int]
    row: Row
    enlarged: bool
    slice: int | None


@dataclass(frozen=True)
class Hanging:
    """A plate to be made: its title, the row, and the row's line of previews.jsonl."""

    title: str
    row: Row
    preview: dict[str, Any]

    @property
    def dice(self) -> float:
        """Of the row; rows without one are not hung."""
        return float(self.row["dice"] or 0.0)


@dataclass(frozen=True, eq=False)
class View:
    """A preview, decoded: masks (x, y), and prompts at (x, y, 0)."""

    ref: NDArray[np.bool_]
    pred: NDArray[np.bool_]
    prompts: list[PromptSet]

    @classmethod
    def of(cls, preview: dict[str, Any]) -> View:
        """Of a line of previews.jsonl."""
        shape = (int(preview["shape"][0]), int(preview["shape"][1]))
        ref, pred = decode_runs(preview["ref"], shape), decode_runs(preview["pred"], shape)
        return cls(ref, pred, [_prompt(prompt) for prompt in preview["prompts"]])

    def places(self) -> list[NDArray[Any]]:
        """(n, 2) positions that must be seen."""
        points = [prompt.points.ijk[:, :2] for prompt in self.prompts if prompt.points]
        boxes = [np.stack([prompt.box.lo, prompt.box.hi])[:, :2] for prompt in self.prompts if prompt.box]
        return [np.argwhere(self.ref), np.argwhere(self.pred), *points, *boxes]


def draw_plates(run: Run, hung: Sequence[Hanging], side: int, *, same_window: bool = False) -> tuple[Plate, ...]:
    """Draw pictures with a longest side of ``side`` pixels; ``same_window`` where all are of one slice."""
    views = [View.of(one.preview) for one in hung]
    windows = [choose_window(views)] * len(views) if same_window else [choose_window([view]) for view in views]
    return tuple(_draw(run, *each, side) for each in zip(hung, views, windows, strict=True))


def choose_window(views: Sequence[View]) -> Window:
    """What to show of one picture: the surroundings of a small target and its prompts, else everything."""
    shape = views[0].ref.shape
    everything = (0, 0, shape[0], shape[1])
    places = [place for view in views for place in view.places() if len(place)]
    if not places:
        return everything
    low, high = (f(np.concatenate(places), axis=0) for f in (np.min, np.max))
    extent = high - low + 1
    if (extent / shape).max() > SMALL:
        return everything
    height = max(extent[0] / ASPECT / ENLARGED, extent[1] / ENLARGED, LEAST)
    size = np.minimum(np.round([height * ASPECT, height]), shape)
    start = np.clip(np.round((low + high - size) / 2), 0, shape - size)
    return int(start[0]), int(start[1]), int(start[0] + size[0]), int(start[1] + size[1])


def decode_runs(runs: Sequence[int], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Run lengths, background first -> (x, y) bool of ``shape``, flattened in C order.

    Raises:
        ValueError: the runs are longer or shorter than the picture.
    """
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(shape)


def _draw(run: Run, hung: Hanging, view: View, window: Window, side: int) -> Plate:
    with Image.open(run.folder / hung.preview["picture"]) as file:
        picture = np.asarray(file.convert("RGB")).swapaxes(0, 1)
    x, y = hung.preview.get("spacing") or (1.0, 1.0)
    image = draw_overlay(
        picture, pred=view.pred, ref=view.ref, prompts=view.prompts, window=window, side=side, spacing=(x, y)
    )
    several = hung.row["slices"] > 1 or hung.preview["slice"] > 0
    enlarged = window != (0, 0, *view.ref.shape)
    number = int(hung.preview["slice"]) if several else None
    return Plate(hung.title, _data_uri(image), image.size, hung.row, enlarged, number)


def _prompt(described: dict[str, Any]) -> PromptSet:
    clicks, box = np.array(described.get("points") or [], float), described.get("box")
    points = Points(clicks[:, :2], clicks[:, 2].astype(int)) if clicks.size else None
    return PromptSet(points, Box(box[:2], box[2:]) if box else None)


def _data_uri(image: Image.Image) -> str:
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=QUALITY, method=4)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
