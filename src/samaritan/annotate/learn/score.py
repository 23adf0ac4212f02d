"""Dice of a model on cases kept apart: asked with boxes as a person would, and by name alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import CaseQuestion, ImageRef
from samaritan.annotate.learn.answer import answer_case
from samaritan.annotate.learn.plan import Job
from samaritan.annotate.learn.uncertainty import dice
from samaritan.datasets import Case
from samaritan.loading import load_segmenter
from samaritan.predict.volume import VolumePredictor
from samaritan.prompts import make_prompt

#: Slices of a volume that are asked about, evenly spaced among those that show the target.
SLICES = 5


@dataclass(frozen=True)
class Scores:
    """Mean Dice of each case.

    Attributes:
        boxed: case -> asked with a tight box around each target on some slices.
        alone: case -> asked by name alone, in the whole image.
    """

    boxed: dict[str, float] = field(default_factory=dict)
    alone: dict[str, float] = field(default_factory=dict)


def score(job: Job, adapter: str | None, cases: Sequence[Case], *, alone: bool = False) -> Scores:
    """Ask a model about cases.

    Args:
        job: says which base, and how images are prepared.
        adapter: file; None is the base.
        cases: with masks.
        alone: also ask by name alone.
    """
    loaded = load_segmenter(
        job.model, None if adapter is None else Path(adapter), weights=job.weights, device=job.device
    )
    found = Scores()
    for case in cases:
        masks = dict(targets(case))
        if not masks:
            continue
        intensity = job.intensity or case.intensity
        predictor = VolumePredictor(loaded.segmenter, case.read_image(), modality=case.modality, intensity=intensity)
        boxed = [value for name, mask in masks.items() for value in _boxed(predictor, name, mask)]
        found.boxed[case.case_id] = float(np.mean(boxed))
        if alone:
            image = ImageRef(case.case_id, case.sources[0], modality=case.modality, intensity=intensity)
            answer = answer_case(predictor, CaseQuestion(image, tuple(masks), 1), loaded.about)
            told = [dice(answer.masks[n], m) if n in answer.masks else 0.0 for n, m in masks.items()]
            found.alone[case.case_id] = float(np.mean(told))
    return found


def targets(case: Case) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Name and (i, j, k) bool mask of each target of a case, by its first rater; objects of one kind are one target."""
    labels = next(iter(case.read_references.values()))()
    if case.instances:
        yield case.names.get(1, "object"), labels.data > 0
        return
    for value in labels.labels():
        yield case.names.get(value) or labels.name(value), labels.data == value


def _boxed(predictor: VolumePredictor, name: str, mask: NDArray[np.bool_]) -> Iterator[float]:
    view = predictor.view
    shown = [k for k in range(view.count) if view.slice(mask, k).any()]
    count = min(SLICES, len(shown))
    for n in range(count):
        index = shown[int((n + 0.5) * len(shown) / count)]
        ref = view.slice(mask, index)
        (prompt,) = make_prompt("box").first(ref, np.random.default_rng(0))
        (told,) = predictor.decode(index, [replace(prompt, text=name)])
        yield dice(told.logits[0] > 0, ref)
