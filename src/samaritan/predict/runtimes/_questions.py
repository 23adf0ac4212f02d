"""Pictures and prompts on which runtimes are compared: slices of the built-in samples, drawn the same on every machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from samaritan.core import Box, Points, PromptSet, SliceView
from samaritan.core.intensity import choose
from samaritan.datasets import Case
from samaritan.datasets.samples._base import SAMPLES, open_sample

#: Targets of a picture that are asked for, the largest first, and pixels that one needs.
TARGETS, PIXELS = 4, 30

#: Looseness of every second box, as a share of its side.
LOOSE = 0.05

#: Sides of a region, as shares of the picture's longer side, and how far its sides may be from a square (natural logarithm).
SIDES, STRETCH = (0.04, 0.3), 0.5

#: Pixels from the first to the last of a region, at least.
LEAST = 3


@dataclass(frozen=True, eq=False)
class Question:
    """One picture and what is asked about it.

    Attributes:
        name: sample, case and slice, for reports.
        picture: (x, y, 3) float32 in 0..255.
        prompts: kind ("box", "loose box", "point") and prompt, of each target; then boxes around "region"s.
    """

    name: str
    picture: NDArray[np.float32]
    prompts: tuple[tuple[str, PromptSet], ...]


@lru_cache(maxsize=2)
def questions(count: int, text: str | None = None, regions: int = 0) -> tuple[Question, ...]:
    """The first ``count`` pictures: one of each sample on this machine, then the next of each; fewer if there are no more.

    Args:
        count: number of pictures.
        text: name of the target in every prompt, for models that were taught names.
        regions: boxes on each picture that no label is behind. What they enclose often has no clear border, as parcels of
            a brain have none, and small errors of an embedding move such masks most.
    """
    sources = [_of_sample(name, text) for name in SAMPLES.names() if SAMPLES.get(name).missing() is None]
    found = islice(_round_robin(sources), count)
    return tuple(
        replace(one, prompts=(*one.prompts, *islice(_regions(one.picture, seed, text), regions)))
        for seed, one in enumerate(found)
    )


def _round_robin(sources: Sequence[Iterator[Question]]) -> Iterator[Question]:
    waiting = list(sources)
    while waiting:
        for source in list(waiting):
            found = next(source, None)
            if found is None:
                waiting.remove(source)
            else:
                yield found


def _of_sample(name: str, text: str | None) -> Iterator[Question]:
    for case in open_sample(name).cases:
        yield from _of_case(name, case, text)


def _of_case(name: str, case: Case, text: str | None) -> Iterator[Question]:
    volume = case.read_image()
    reference = next(iter(case.read_references.values()))()
    view = SliceView.of(volume.geometry)
    scaling = choose(volume, case.modality, case.intensity).fit(volume)
    for index in range(view.count):
        labels = view.slice(reference.data, index)
        prompts = tuple(_prompts(_masks(labels, case.instances), text))
        if prompts:
            picture = np.ascontiguousarray(scaling.apply(view.slice(volume.data, index)))
            yield Question(f"{name}/{case.case_id}/{index}", picture, prompts)


def _masks(labels: NDArray[np.integer], instances: bool) -> list[NDArray[np.bool_]]:
    """The largest targets of a slice (x, y); of a labelled structure all its parts together."""
    values, sizes = np.unique(labels[labels > 0], return_counts=True)
    order = np.argsort(-sizes, kind="stable")[:TARGETS]
    chosen = [labels == values[n] for n in order if sizes[n] >= PIXELS]
    return chosen if not instances else [_largest_part(mask) for mask in chosen]


def _largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    parts, count = ndimage.label(mask)
    sizes = ndimage.sum_labels(mask, parts, range(1, count + 1))
    return np.asarray(parts == 1 + int(np.argmax(sizes)))


def _prompts(masks: Sequence[NDArray[np.bool_]], text: str | None) -> Iterator[tuple[str, PromptSet]]:
    for number, mask in enumerate(masks):
        places = np.argwhere(mask)
        low, high = places.min(axis=0), places.max(axis=0)
        yield "box", PromptSet(box=Box(low, high), text=text)
        if number % 2:
            depth = ndimage.distance_transform_edt(mask)
            middle = np.unravel_index(int(np.argmax(depth)), mask.shape)
            yield "point", PromptSet(Points([middle], [1]), text=text)
        else:
            margin = LOOSE * (high - low + 1)
            edge = np.asarray(mask.shape) - 1
            yield (
                "loose box",
                PromptSet(box=Box(np.maximum(low - margin, 0), np.minimum(high + margin, edge)), text=text),
            )


def _regions(picture: NDArray[np.float32], seed: int, text: str | None) -> Iterator[tuple[str, PromptSet]]:
    """Boxes of any size around pixels that are not background, without end."""
    rng = np.random.default_rng(seed)
    grey = picture.mean(axis=2)
    shape = np.asarray(grey.shape)
    filled = np.argwhere(ndimage.gaussian_filter(grey, 2) > grey.mean() / 2)
    while True:
        centre = filled[rng.integers(len(filled))]
        side = shape.max() * np.exp(rng.uniform(*np.log(SIDES)))
        half = side / 2 * np.exp(rng.uniform(-STRETCH, STRETCH) * np.array([1, -1]))
        low, high = np.maximum(np.rint(centre - half), 0), np.minimum(np.rint(centre + half), shape - 1)
        if (high - low).min() >= LEAST:
            yield "region", PromptSet(box=Box(low, high), text=text)
