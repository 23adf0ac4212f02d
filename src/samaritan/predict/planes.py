"""A second and a third look: the mask of one plane is asked about again in the two others, and they vote.

A chain of slices sees its target in one plane only; where it loses the outline, the other two planes cut through it at right
angles. Planes whose pixels are far from square show the model what it has never seen, so they count less, or not at all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from samaritan.core import LabelMap, Plane, SliceView, UsageError, Volume
from samaritan.models._base import Segmenter
from samaritan.predict._ask import Candidates, patches
from samaritan.predict._collector import Answer, Collector
from samaritan.predict._patch import Patch
from samaritan.predict.cache import EmbeddingCache
from samaritan.predict.propagate import Rules
from samaritan.predict.propagate._questions import questions_after
from samaritan.predict.segmentation import Segmentation
from samaritan.predict.volume import VolumePredictor

#: A plane whose pixels are longer than wide by more than this is left out.
WIDEST_ASPECT = 3.0

#: The first plane's vote counts this much more, so that two planes of equal weight never stand against each other.
FIRST = 1.001

#: The most that one plane weighs, in parts of what the two others weigh together: no plane decides alone.
MOST = 0.99

#: Logits of a unanimous vote.
SURE = 10.0

#: Room around the first mask in which the others may vote: a share of its extent, and so many voxels.
ROOM, ROOM_VOXELS = 0.1, 2


@dataclass(frozen=True)
class Vote:
    """One plane's part in the vote.

    Attributes:
        plane: which.
        weight: width over length of its pixels; 0 where it is left out.
    """

    plane: Plane
    weight: float


def votes_of(view: SliceView) -> list[Vote]:
    """The three planes of a volume, that of ``view`` first."""
    others = [plane for plane in get_args(Plane) if plane not in ("auto", view.plane)]
    weights = {plane: _weight(SliceView.of(view.geometry, plane)) for plane in (view.plane, *others)}
    total = sum(weights.values())
    return [
        Vote(plane, min(weight, MOST * (total - weight)) if weight * WIDEST_ASPECT >= 1 else 0.0)
        for plane, weight in weights.items()
    ]


@dataclass(frozen=True, eq=False)
class _Ballot:
    """The votes for one target, around its mask in the first plane.

    Attributes:
        place: the part of the volume that is kept.
        share: (i, j, k) float16 of that part, weight of the planes that say yes; all planes have 1.
        first: (i, j, k) bool, the mask of the first plane.
    """

    place: tuple[slice, ...]
    share: NDArray[np.float16]
    first: NDArray[np.bool_]

    def window(self, view: SliceView) -> tuple[slice, slice]:
        """The part of a picture of ``view`` that is kept."""
        spans = []
        for axis, flip, size in zip(view.axes[:2], view.flips, view.shape, strict=True):
            span = self.place[axis]
            spans.append(slice(size - span.stop, size - span.start) if flip else span)
        return spans[0], spans[1]

    def on(self, view: SliceView, index: int, kept: NDArray[Any]) -> NDArray[Any] | None:
        """Slice ``index`` of ``kept`` as a part of a picture, to read and write; None where nothing is kept."""
        span = self.place[view.axes[2]]
        return view.slice(kept, index - span.start) if span.start <= index < span.stop else None


def three_planes(
    found: Segmentation,
    segmenter: Segmenter,
    volume: Volume,
    *,
    candidates: Candidates = "single",
    cache: EmbeddingCache | None = None,
    framing: str = "whole",
    intensity: str | None = None,
    modality: str | None = None,
) -> Segmentation:
    """Masks on which the weighted majority of planes agrees.

    In every other plane the model is asked on each slice that the mask of the first plane crosses, with the box around it
    there, all targets together. A voxel belongs to a target where planes with more than half of the weight say so; nothing is
    looked for further than a tenth of its extent beyond the first mask. Where one of the planes is left out there is no
    majority, and the first one decides.

    Args:
        found: the masks of the first plane.
        segmenter: the model.
        volume: the image.
        candidates: see :func:`samaritan.predict.predict`.
        cache: see :class:`VolumePredictor`.
        framing: see :class:`VolumePredictor`.
        intensity: see :class:`VolumePredictor`.
        modality: see :class:`VolumePredictor`.

    Raises:
        UsageError: the image is a single slice.
    """
    if found.view.count == 1:
        raise UsageError("Three planes need a volume; this image is a single slice, so leave --planes out.")
    started = time.perf_counter()
    votes = votes_of(found.view)
    if out := [each.plane for each in votes if not each.weight]:
        said = (
            f"No vote was taken, {found.view.plane} slices decide: pixels of the {' and '.join(out)} plane are more than "
            f"{WIDEST_ASPECT:g} times as long as wide."
        )
        return replace(found, warnings=(*found.warnings, said))
    first = votes[0].weight * FIRST
    total = first + sum(each.weight for each in votes[1:])
    ballots = {n: ballot for n in found.targets if (ballot := _ballot(found, n, first / total)) is not None}
    predictors = []
    for each in votes[1:]:
        predictors.append(
            VolumePredictor(
                segmenter,
                volume,
                plane=each.plane,
                modality=modality,
                intensity=intensity,
                cache=cache,
                framing=framing,
            )
        )
        _look_again(ballots, predictors[-1], each.weight / total, candidates)
    decided = _decide(found, ballots, votes, predictors)
    return replace(decided, seconds=found.seconds + time.perf_counter() - started)


def _weight(view: SliceView) -> float:
    """Shorter over longer side of a pixel."""
    x, y, _ = view.spacing
    return min(x, y) / max(x, y)


def _ballot(found: Segmentation, name: str, share: float) -> _Ballot | None:
    mask = found.mask(name)
    if not mask.any():
        return None
    (box,) = ndimage.find_objects(mask.view(np.uint8))
    through = found.view.axes[2]
    first_slice, last_slice = _limits(found, name)
    room = [ROOM_VOXELS + round(ROOM * (span.stop - span.start)) for span in box]
    place = tuple(
        slice(max(span.start - more, 0), min(span.stop + more, size))
        if axis != through
        else slice(max(span.start - more, first_slice), min(span.stop + more, last_slice + 1))
        for axis, (span, more, size) in enumerate(zip(box, room, mask.shape, strict=True))
    )
    first = mask[place].copy()
    return _Ballot(place, first.astype(np.float16) * np.float16(share), first)


def _limits(found: Segmentation, name: str) -> tuple[int, int]:
    """First and last slice of the first plane on which the target may get a mask: what a person said, or asked."""
    if found.course is None:
        asked = [index for index, targets in found.prompts.items() if name in targets]
        return min(asked), max(asked)
    return found.course.bounds.get(name, (0, found.view.count - 1))


def _look_again(
    ballots: Mapping[str, _Ballot], predictor: VolumePredictor, share: float, candidates: Candidates
) -> None:
    """Add what the model says in another plane about the targets that cross each of its slices."""
    view, kinds = predictor.view, predictor.segmenter.card.prompts
    for index in range(view.count):
        asked = {}
        for name, ballot in ballots.items():
            part = ballot.on(view, index, ballot.first)
            if part is not None and part.any():
                drawn = np.full(view.shape, -SURE, np.float32)
                drawn[ballot.window(view)][part] = SURE
                asked[name] = questions_after(Patch.of(drawn), Rules(), kinds, name)
        for name, (patch, _) in (patches(predictor, index, asked, candidates) if asked else {}).items():
            votes = ballots[name].on(view, index, ballots[name].share)
            if votes is not None:
                votes += np.float16(share) * patch.mask()[ballots[name].window(view)]


def _decide(
    found: Segmentation, ballots: Mapping[str, _Ballot], votes: list[Vote], predictors: list[VolumePredictor]
) -> Segmentation:
    collector = Collector(found.view, found.targets, found.overlap)
    for index in range(found.view.count):
        collector.add(index, _answers(found, ballots, index))
    about_masks = tuple(collector.warnings())
    return replace(
        found,
        labelmap=LabelMap(collector.data, found.labelmap.geometry, found.labelmap.names),
        quality=collector.quality,
        overlap_voxels=collector.contested,
        claims=collector.claims,
        planes={each.plane: round(each.weight, 3) for each in votes},
        warnings=(*(text for text in found.warnings if text not in found.mask_warnings), *about_masks),
        mask_warnings=about_masks,
        encode_calls=found.encode_calls + sum(one.encode_calls for one in predictors),
        encode_seconds=found.encode_seconds + sum(one.encode_seconds for one in predictors),
        read_calls=found.read_calls + sum(one.read_calls for one in predictors),
    )


def _answers(found: Segmentation, ballots: Mapping[str, _Ballot], index: int) -> Iterator[Answer]:
    for name, ballot in ballots.items():
        share = ballot.on(found.view, index, ballot.share)
        if share is not None and share.any():
            logits = np.full(found.view.shape, -SURE, np.float32)
            logits[ballot.window(found.view)] = (share.astype(np.float32) - 0.5) * 2 * SURE
            yield Answer(
                name, logits, found.quality[name].get(index, float(np.mean(list(found.quality[name].values()))))
            )
