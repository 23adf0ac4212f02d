"""One picture that shows what was segmented: the slices that tell most, with sides, scale and sizes named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from PIL import Image, ImageDraw

from samaritan.core import Plane, PromptSet, SliceView, Volume
from samaritan.core.colour import colour_of
from samaritan.predict._sheet import Entry, label_sides, scale_bar, sheet
from samaritan.predict.overlay import Mask, draw_overlay
from samaritan.predict.segmentation import Segmentation

#: Most slices of the segmented plane that are shown; targets with the largest masks first.
MOST_SLICES = 4

#: Entries in the legend; more would fill the page.
MOST_ENTRIES = 24

#: Longer names of targets are cut in the legend.
LONGEST_NAME = 40

#: Room for one panel (width, height) in pixels, alone or with others.
ALONE, AMONG_OTHERS = (1000, 800), (560, 400)

#: A part of a picture is shown from near when it spans at most this share of it, and not nearer than this many pixels.
CLOSE_UP, NEAREST_PIXELS = 0.4, 24

#: A panel that would be thinner than this says nothing.
THINNEST = 40


@dataclass(frozen=True)
class _Panel:
    view: SliceView
    index: int
    masks: dict[str, Mask]
    prompts: Sequence[PromptSet]
    window: tuple[int, int, int, int]
    close: bool = False

    def scale_in(self, room: tuple[int, int]) -> float:
        """Pixels of the drawing per unit of length, so that the panel fits into ``room`` (width, height)."""
        return min(room[0] / self.extent[0], room[1] / self.extent[1])

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height of what is shown, in the unit of the image."""
        x0, y0, x1, y1 = self.window
        return (x1 - x0) * self.view.spacing[0], (y1 - y0) * self.view.spacing[1]


def preview(segmentation: Segmentation, volume: Volume) -> Image.Image:
    """Draw the result on the image.

    A 2D image is shown whole. Of a volume there are, for each target, the slice with its largest mask (after propagation, of
    the largest target, a prompted slice and two on the way from there), and the two other planes where most is segmented.
    What is small in its slice is shown once more from near. Patient's sides and a scale bar are drawn where the file knows
    millimetres.

    Args:
        segmentation: the result.
        volume: the image that was segmented.
    """
    panels = _panels(segmentation)
    room = ALONE if len(panels) == 1 else AMONG_OTHERS
    drawn = [
        (_title(panel, propagated=segmentation.course is not None), _draw(panel, segmentation, volume, room))
        for panel in panels
    ]
    return sheet(drawn, _legend(segmentation))


def describe_size(segmentation: Segmentation, voxels: int) -> str:
    """How large a mask of ``voxels`` is, as a person says it: millilitres, square millimetres or pixels."""
    geometry, view = segmentation.view.geometry, segmentation.view
    if geometry.unit == "px":
        return f"{voxels:,} px"
    if view.count == 1:
        return f"{_three_digits(voxels * view.spacing[0] * view.spacing[1])} mm²"
    return f"{_three_digits(voxels * geometry.voxel_volume / 1000)} ml"


def _three_digits(value: float) -> str:
    """At least three digits, and never an exponent for what is large."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _panels(segmentation: Segmentation) -> list[_Panel]:
    panels = [panel for index in _telling_slices(segmentation) for panel in _along(segmentation, index)]
    if segmentation.view.count > 1 and segmentation.labelmap.data.any():
        across = [
            _across(segmentation, plane) for plane in get_args(Plane) if plane not in ("auto", segmentation.plane)
        ]
        panels += [p for p in across if min(p.extent) * p.scale_in(AMONG_OTHERS) >= THINNEST]
    return panels


def _along(segmentation: Segmentation, index: int) -> list[_Panel]:
    """A slice that was segmented, and once more from near where everything on it is small."""
    view = segmentation.view
    masks = {name: segmentation.picture_mask(name, index) for name in segmentation.targets}
    prompts = [prompt for prompts in segmentation.prompts.get(index, {}).values() for prompt in prompts]
    whole = _Panel(view, index, masks, prompts, (0, 0, *view.shape))
    near = _near(np.any(list(masks.values()), axis=0))
    return [whole] if near is None else [whole, replace(whole, window=near, close=True)]


def _near(mask: Mask) -> tuple[int, int, int, int] | None:
    """A window with room around all of (x, y) ``mask``, or None where it is empty or large in the picture anyway."""
    if not mask.any():
        return None
    places = np.argwhere(mask)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    side = max(float((high - low).max()) * 2.5, NEAREST_PIXELS)
    if side > CLOSE_UP * min(mask.shape):
        return None
    corner = np.clip(np.round((low + high - side) / 2), 0, np.array(mask.shape) - round(side)).astype(int)
    return int(corner[0]), int(corner[1]), int(corner[0]) + round(side), int(corner[1]) + round(side)


def _telling_slices(segmentation: Segmentation) -> list[int]:
    """For each target the slice with its largest mask, those with the largest masks; a prompted one if all are empty.

    After propagation first, for the largest target, a prompted slice and the slices halfway from there to both ends, where it
    shows whether the chain was still on the target.
    """
    areas = {name: slices for name, slices in segmentation.areas().items() if slices}
    best = {name: max(slices, key=lambda index: slices[index]) for name, slices in areas.items()}
    ranked = sorted(best, key=lambda name: -areas[name][best[name]])
    ways = _along_the_way(segmentation, areas[ranked[0]]) if ranked and segmentation.course else []
    chosen = dict.fromkeys([*ways, *(best[name] for name in ranked)])
    return sorted(list(chosen)[:MOST_SLICES]) or sorted(segmentation.prompts)[:1] or [segmentation.view.count // 2]


def _along_the_way(segmentation: Segmentation, areas: Mapping[int, int]) -> list[int]:
    """A prompted slice, and those halfway to the first and the last of ``areas``."""
    prompted = max(segmentation.prompts, key=lambda index: areas.get(index, 0))
    halfway = [(prompted + end) // 2 for end in (min(areas), max(areas))]
    return [prompted, *(index for index in halfway if index in areas)]


def _across(segmentation: Segmentation, plane: Plane) -> _Panel:
    """Another plane, where most is segmented."""
    view = SliceView.of(segmentation.view.geometry, plane)
    data = segmentation.labelmap.data
    # slice by slice: along axes numpy would make a second volume
    index = max(range(view.count), key=lambda k: np.count_nonzero(view.slice(data, k)))
    labels = view.slice(data, index)
    masks = {name: np.asarray(labels == label) for label, name in enumerate(segmentation.targets, start=1)}
    return _Panel(view, index, masks, (), (0, 0, *view.shape))


def _draw(panel: _Panel, segmentation: Segmentation, volume: Volume, room: tuple[int, int]) -> Image.Image:
    view = panel.view
    picture = segmentation.scaling.apply(view.slice(volume.data, panel.index)).round().astype(np.uint8)
    scale = panel.scale_in(room)
    image = draw_overlay(
        picture,
        masks=panel.masks,
        prompts=panel.prompts,
        window=panel.window,
        side=round(max(panel.extent) * scale),
        spacing=view.spacing[:2],
    )
    if view.geometry.unit == "mm" and min(image.size) >= THINNEST:
        pen = ImageDraw.Draw(image)
        scale_bar(pen, image.size, scale)
        if view.count > 1:  # a single picture (a radiograph) may carry millimetres and no patient's sides
            label_sides(pen, image.size, view.plane)
    return image


def _title(panel: _Panel, *, propagated: bool) -> str:
    place = f"{panel.view.plane} slice {panel.index} of 0-{panel.view.count - 1}" if panel.view.count > 1 else ""
    place += ", prompted" if panel.prompts and propagated else ""
    if panel.close:
        return f"{place}, from near" if panel.view.count > 1 else "from near"
    return place


def _legend(segmentation: Segmentation) -> list[Entry]:
    entries = [
        Entry(_short(name), describe_size(segmentation, sum(areas.values())), colour_of(number))
        for number, (name, areas) in enumerate(segmentation.areas().items())
    ]
    if len(entries) > MOST_ENTRIES:
        more = len(entries) - MOST_ENTRIES + 1
        entries = [*entries[: MOST_ENTRIES - 1], replace(entries[-1], name=f"and {more} more", size="", colour=None)]
    return entries


def _short(name: str) -> str:
    """A name from a file or a keyboard, on one line."""
    line = " ".join(name.split())
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…"
