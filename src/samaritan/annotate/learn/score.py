"""Dice of a model on cases kept apart: asked with boxes as a person would, and as it proposes by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import CaseQuestion, ImageRef
from samaritan.annotate.learn.answer import answer_case
from samaritan.annotate.learn.proposer import Proposer
from samaritan.annotate.learn.teach import spaced, targets
from samaritan.annotate.learn.uncertainty import dice
from samaritan.datasets import Case
from samaritan.loading import Loaded
from samaritan.predict.cache import EmbeddingCache
from samaritan.predict.volume import VolumePredictor
from samaritan.prompts import make_prompt

#: Slices of a volume that are asked about, evenly spaced among those that show the target.
SLICES = 5


@dataclass(frozen=True)
class Scores:
    """Mean Dice of each case.

    Attributes:
        boxed: case -> asked with a tight box around each target on some slices.
        alone: case -> as it is proposed, in the whole image.
    """

    boxed: dict[str, float] = field(default_factory=dict)
    alone: dict[str, float] = field(default_factory=dict)


def score(
    loaded: Loaded,
    cases: Sequence[Case],
    *,
    intensity: str | None = None,
    proposer: Proposer | None = None,
    cache: EmbeddingCache | None = None,
    each: Callable[[], None] = lambda: None,
) -> Scores:
    """Ask a model about cases with masks.

    Args:
        loaded: the model.
        cases: those without any mask are left out.
        intensity: policy for all images; that of each case otherwise.
        proposer: also ask for proposals, which start from it.
        cache: where embeddings are kept.
        each: is called after each case that has masks.
    """
    found = Scores()
    for case in cases:
        masks = dict(targets(case))
        if not masks:
            continue
        predictor = VolumePredictor(
            loaded.segmenter,
            case.read_image(),
            modality=case.modality,
            intensity=intensity or case.intensity,
            cache=cache,
        )
        found.boxed[case.case_id] = float(np.mean([v for n, mask in masks.items() for v in _boxed(predictor, n, mask)]))
        if proposer is not None:
            question = CaseQuestion(ImageRef(case.case_id, case.sources[0]), tuple(masks), 1)
            masks_told = answer_case(predictor, question, loaded.about, proposer=proposer).masks
            told = [dice(masks_told[n], mask) if n in masks_told else 0.0 for n, mask in masks.items()]
            found.alone[case.case_id] = float(np.mean(told))
        each()
    return found


def _boxed(predictor: VolumePredictor, name: str, mask: NDArray[np.bool_]) -> Iterator[float]:
    view = predictor.view
    for index in spaced([k for k in range(view.count) if view.slice(mask, k).any()], SLICES):
        ref = view.slice(mask, index)
        (prompt,) = make_prompt("box").first(ref, np.random.default_rng(0))
        (told,) = predictor.decode(index, [replace(prompt, text=name)])
        yield dice(told.logits[0] > 0, ref)
