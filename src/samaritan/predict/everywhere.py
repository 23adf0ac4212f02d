"""Every slice of a volume asked without prompts: for adapters that were taught their targets, by name or alone."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from samaritan.core import Plane, PromptSet, UsageError, Volume
from samaritan.models._base import Segmenter
from samaritan.predict._ask import replies
from samaritan.predict._collector import Answer, Collector
from samaritan.predict.cache import EmbeddingCache
from samaritan.predict.overlap import Overlap, check_overlap
from samaritan.predict.segmentation import Segmentation
from samaritan.predict.targets import assemble
from samaritan.predict.volume import VolumePredictor

#: A Gaussian is cut this many standard deviations from its centre.
REACH = 3.0

#: Probabilities are kept this far from 0 and 1, so that their logits are finite.
LEAST = 1e-6

Picture = NDArray[np.float32]


def predict_everywhere(
    segmenter: Segmenter,
    volume: Volume,
    names: Sequence[str],
    *,
    smooth_mm: float | None = None,
    overlap: Overlap = "quality",
    plane: Plane = "auto",
    modality: str | None = None,
    intensity: str | None = None,
    cache: EmbeddingCache | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Segmentation:
    """Ask for all ``names`` on each slice, with one encoding per slice.

    Args:
        segmenter: the adapted model.
        volume: the image.
        names: of the targets, as the adapter knows them.
        smooth_mm: standard deviation of a Gaussian over the probabilities, in space, so that neighbouring slices agree; in
            the unit of the volume. Slices within three of them are held, for all targets.
        overlap: see :func:`samaritan.predict.predict`.
        plane: see :class:`VolumePredictor`.
        modality: see :class:`VolumePredictor`.
        intensity: see :class:`VolumePredictor`.
        cache: see :class:`VolumePredictor`.
        progress: called with (slices done, slices in all).

    Raises:
        UsageError: an unknown rule, plane or intensity policy, or ``smooth_mm`` is not a positive number.
        PromptError: the adapter does not know a name; or, with the rule "refuse", targets that overlap.
    """
    started = time.perf_counter()
    check_overlap(overlap)
    predictor = VolumePredictor(segmenter, volume, plane=plane, modality=modality, intensity=intensity, cache=cache)
    collector = Collector(predictor.view, tuple(names), overlap)
    answers = _slices(predictor, names)
    if smooth_mm is not None:
        answers = smoothed(answers, predictor.view.spacing, predictor.view.count, smooth_mm)
    for index, here in answers:
        collector.add(index, here)
        if progress is not None:
            progress(index + 1, predictor.view.count)
    return assemble(predictor, collector, tuple(names), started, prompts={})


def check_names(segmenter: Segmenter, names: Sequence[str], adapter: Mapping[str, Any]) -> None:
    """Names alone are for models that know any, and for adapters that were taught some; others answer with anything.

    Args:
        segmenter: the model.
        names: of the targets.
        adapter: what is known of an adapter, in plain values; empty without one.

    Raises:
        UsageError: neither the model nor the adapter knows names.
    """
    if "text" not in segmenter.card.prompts and "none" not in adapter.get("prompts", ()):
        raise UsageError(
            f"{segmenter.name} cannot be asked for {names[0]!r} by name alone; give a box or a point, take a model that "
            "`samaritan models` lists with text among its prompts, or an adapter that was trained without prompts (-p none)."
        )


def _slices(predictor: VolumePredictor, names: Sequence[str]) -> Iterator[tuple[int, list[Answer]]]:
    questions = [PromptSet(text=name) for name in names]
    for index in range(predictor.view.count):
        said = replies(predictor, index, questions, "single")
        yield index, [Answer(name, one.logits, one.quality) for name, one in zip(names, said, strict=True)]


def smoothed(
    answers: Iterator[tuple[int, list[Answer]]], spacing: tuple[float, float, float], count: int, sigma: float
) -> Iterator[tuple[int, list[Answer]]]:
    """The same answers with a Gaussian of ``sigma`` over their probabilities, slice after slice.

    At the ends of the volume its weights are those of the slices that are there. Only the slices that it reaches are held.

    Args:
        answers: slice, ascending from 0, and the answers of the same targets on each.
        spacing: of the voxels along (x, y, slice).
        count: number of slices.
        sigma: in the unit of ``spacing``.

    Raises:
        UsageError: ``sigma`` is not a positive number.
    """
    if not 0 < sigma < math.inf:
        raise UsageError(f"Smoothing takes a standard deviation above 0 millimetres; received {sigma:g}.")
    reach = math.floor(REACH * sigma / spacing[2])
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) * spacing[2] / sigma) ** 2)
    held: deque[tuple[int, list[Answer]]] = deque(maxlen=2 * reach + 1)
    flat = (sigma / spacing[0], sigma / spacing[1])
    due = 0
    for index, here in answers:
        held.append((index, [answer._replace(logits=_probabilities(answer.logits, flat)) for answer in here]))
        while due < count and (index >= due + reach or index == count - 1):
            yield due, _mean(held, due, weights, reach)
            due += 1


def _mean(
    held: Sequence[tuple[int, list[Answer]]], index: int, weights: NDArray[np.float64], reach: int
) -> list[Answer]:
    """Answers on slice ``index`` from the probabilities of those around it."""
    near = [(weights[k - index + reach], answers) for k, answers in held if abs(k - index) <= reach]
    own = next(answers for k, answers in held if k == index)
    total = sum(weight for weight, _ in near)
    found = []
    for number, answer in enumerate(own):
        mean = sum(weight * answers[number].logits for weight, answers in near) / total
        inside = np.clip(mean, LEAST, 1 - LEAST)
        found.append(answer._replace(logits=np.log(inside / (1 - inside)).astype(np.float32)))
    return found


def _probabilities(logits: Picture, sigma: tuple[float, float]) -> Picture:
    """(x, y) logits -> probabilities, smoothed in the plane."""
    with np.errstate(over="ignore"):
        probabilities = 1 / (1 + np.exp(-logits))
    return np.asarray(ndimage.gaussian_filter(probabilities, sigma, mode="nearest", truncate=REACH), np.float32)
