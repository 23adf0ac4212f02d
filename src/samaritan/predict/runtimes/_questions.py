"""Pictures and prompts on which runtimes are compared: slices of the built-in samples, drawn the same on every machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class Question:
    """One picture and what is asked about it.

    Attributes:
        name: sample, case and slice, for reports.
        picture: (x, y, 3) float32 in 0..255.
        prompts: kind ("box", "loose box", "point") and prompt, of each target.
    """

    name: str
    picture: NDArray[np.float32]
    prompts: tuple[tuple[str, PromptSet], ...]


@lru_cache(maxsize=2)
def questions(count: int, text: str | None = None) -> tuple[Question, ...]:
    """The first ``count`` pictures: one of each sample on this machine, then the next of each; fewer if there are no more.

    Args:
        count: number of pictures.
        text: name of the target in every prompt, for models that were taught names.
    """
    sources = [_of_sample(name, text) for name in SAMPLES.names() if SAMPLES.get(name).missing() is None]
    return tuple(islice(_round_robin(sources), count))


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
