"""One picture that shows what was segmented: the slices that tell most, with sides, scale and sizes named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from PIL import Image, ImageDraw

from samaritan.core import Plane, PromptSet, SliceView, Volume
from samaritan.predict._sheet import Entry, label_sides, scale_bar, sheet
from samaritan.predict.overlay import Mask, colour_of, draw_overlay
from samaritan.predict.segmentation import Segmentation

#: Most slices of the segmented plane that are shown; targets with the largest masks first.
MOST_SLICES = 4

#: Entries in the legend; more would fill the page.
MOST_ENTRIES = 24

#: Longer names of targets are cut in the legend.
LONGEST_NAME = 40

#: Room for one panel (width, height) in pixels, alone or with others.
ALONE, AMONG_OTHERS = (1000, 800), (560, 400)

#: A panel that would be thinner than this says nothing.
THINNEST = 40


@dataclass(frozen=True)
class _Panel:
    view: SliceView
    index: int
    masks: dict[str, Mask]
    prompts: Sequence[PromptSet]


def preview(segmentation: Segmentation, volume: Volume) -> Image.Image:
    """Draw the result on the image.

    A 2D image is shown whole. Of a volume there are, for each target, the slice with its largest mask, and the two other
    planes where most is segmented; patient's sides and a scale bar are drawn where the file knows millimetres.

    Args:
        segmentation: the result.
        volume: the image that was segmented.
    """
    panels = _panels(segmentation)
    room = ALONE if len(panels) == 1 else AMONG_OTHERS
    drawn = [(_title(panel), _draw(panel, segmentation, volume, room)) for panel in panels]
    telling = [(title, image) for title, image in drawn if min(image.size) >= THINNEST]
    return sheet(telling or drawn[:1], _legend(segmentation))


def describe_size(segmentation: Segmentation, voxels: int) -> str:
    """How large a mask of ``voxels`` is, as a person says it: millilitres, square millimetres or pixels."""
    geometry, view = segmentation.view.geometry, segmentation.view
    if geometry.unit == "px":
        return f"{voxels:,} px"
    if view.count == 1:
        return f"{voxels * view.spacing[0] * view.spacing[1]:,.4g} mm²"
    return f"{voxels * geometry.voxel_volume / 1000:,.3g} ml"


def _panels(segmentation: Segmentation) -> list[_Panel]:
    panels = [
        _Panel(
            segmentation.view,
            index,
            {name: segmentation.picture_mask(name, index) for name in segmentation.targets},
            [prompt for prompts in segmentation.prompts.get(index, {}).values() for prompt in prompts],
        )
        for index in _telling_slices(segmentation)
    ]
    if segmentation.view.count > 1 and segmentation.labelmap.data.any():
        panels += [
            _across(segmentation, plane) for plane in get_args(Plane) if plane not in ("auto", segmentation.plane)
        ]
    return panels


def _telling_slices(segmentation: Segmentation) -> list[int]:
    """For each target the slice with its largest mask, those with the largest masks; a prompted one if all are empty."""
    best = [max(areas.items(), key=lambda item: item[1]) for areas in segmentation.areas().values() if areas]
    ranked = dict.fromkeys(index for index, _ in sorted(best, key=lambda item: -item[1]))
    return sorted(list(ranked)[:MOST_SLICES]) or sorted(segmentation.prompts)[:1]


def _across(segmentation: Segmentation, plane: Plane) -> _Panel:
    """Another plane, where most is segmented."""
    view = SliceView.of(segmentation.view.geometry, plane)
    segmented = np.count_nonzero(segmentation.labelmap.data, axis=(view.axes[0], view.axes[1]))
    index = int(np.argmax(segmented))
    labels = view.slice(segmentation.labelmap.data, index)
    masks = {name: np.asarray(labels == label) for label, name in enumerate(segmentation.targets, start=1)}
    return _Panel(view, index, masks, ())


def _draw(panel: _Panel, segmentation: Segmentation, volume: Volume, room: tuple[int, int]) -> Image.Image:
    view = panel.view
    picture = segmentation.scaling.apply(view.slice(volume.data, panel.index)).round().astype(np.uint8)
    width, height = view.shape[0] * view.spacing[0], view.shape[1] * view.spacing[1]
    scale = min(room[0] / width, room[1] / height)
    image = draw_overlay(
        picture,
        masks=panel.masks,
        prompts=panel.prompts,
        side=round(max(width, height) * scale),
        spacing=view.spacing[:2],
    )
    if view.geometry.unit == "mm" and min(image.size) >= THINNEST:
        pen = ImageDraw.Draw(image)
        scale_bar(pen, image.size, scale)
        if view.count > 1:  # a single picture (a radiograph) may carry millimetres and no patient's sides
            label_sides(pen, image.size, view.plane)
    return image


def _title(panel: _Panel) -> str:
    return f"{panel.view.plane} slice {panel.index} of 0-{panel.view.count - 1}" if panel.view.count > 1 else ""


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
