"""What the model proposes for a case when nobody says anything about it, and how sure it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.adapt import Adaptation
from samaritan.annotate.engine.requests import CaseAnswer, CaseQuestion
from samaritan.annotate.learn.uncertainty import of_case, uncertainty
from samaritan.core import PromptSet, UsageError
from samaritan.models._base import Prediction
from samaritan.predict.volume import VolumePredictor
from samaritan.prompts import make_prompt

#: How far the corners of the box around the first answer wander, as a share of its sides.
JITTER = 0.05

Mask = NDArray[np.bool_]


def proposes(about: Mapping[str, Any]) -> bool:
    """Whether a model with this adapter answers without a person: it was trained with ``none`` or ``image``."""
    return bool({"none", "image"} & set(about.get("prompts", ())))


def answer_case(
    predictor: VolumePredictor,
    question: CaseQuestion,
    about: Mapping[str, Any],
    *,
    adaptation: Adaptation | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CaseAnswer:
    """Masks of all ``names`` that the adapter was taught, slice by slice, with one encoding of each slice.

    Each name is asked alone; then, as a person would draw it, with the box around that answer, once as it is and then with
    its corners moved a little. The answer to the box is the proposal. How much the answers differ, and how good the model
    thinks the first one is, make the uncertainty (:mod:`samaritan.annotate.learn.uncertainty`), averaged over slices with
    their areas.

    Args:
        predictor: the adapted model on the image.
        question: which names, and how often each is asked.
        about: what is known of the adapter, as :meth:`samaritan.adapt.AdapterCard.summary` says it; empty without one.
        adaptation: the adapter as attached; one that draws samples gives them in place of moved boxes.
        progress: called with (slices done, slices in all); what it raises ends the work.

    Raises:
        UsageError: the model was not taught to answer without prompts, or knows none of the names.
    """
    started = time.perf_counter()
    if not proposes(about):
        raise UsageError(
            "The model in use was not taught to answer without prompts; let Improve train one on accepted cases."
        )
    known = about.get("labels", ())
    names = [name for name in question.names if name in known]
    if not names:
        raise UsageError(
            f"The model in use was taught {', '.join(known)}, and none of {', '.join(question.names)}; accept cases with them, "
            "and let Improve train again."
        )
    view = predictor.view
    asked = _Asking(predictor, "none" in about["prompts"], max(question.repeats, 1), _sampler(adaptation))
    masks = {name: np.zeros(view.geometry.shape, bool) for name in names}
    for index in range(view.count):
        for name in names:
            view.insert(masks[name], index, asked.ask(name, index))
        if progress is not None:
            progress(index + 1, view.count)
    return CaseAnswer(masks, of_case([asked.uncertainty(name) for name in names]), time.perf_counter() - started)


def _sampler(adaptation: Adaptation | None) -> Adaptation | None:
    return adaptation if adaptation is not None and adaptation.method.card.stochastic else None


@dataclass(eq=False)
class _Asking:
    """Asks about names on slices and notes how the answers differ.

    Attributes:
        predictor: the model on the volume.
        alone: whether names are asked without anything; with the whole picture as a box otherwise.
        repeats: how often the box is asked for.
        sampler: draws answers, where the adapter does.
    """

    predictor: VolumePredictor
    alone: bool
    repeats: int
    sampler: Adaptation | None
    _found: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def ask(self, name: str, index: int) -> Mask:
        """(x, y) bool, the proposal for a slice."""
        shape = self.predictor.view.shape
        first = (
            PromptSet(text=name)
            if self.alone
            else _named(make_prompt("image").first(np.ones(shape, bool), _rng(0)), name)
        )
        (told,) = self.predictor.decode(index, [first])
        mask = told.logits[0] > 0
        if not mask.any():
            return mask
        answers = [mask, *(one.logits[0] > 0 for one in self._again(name, index, mask))]
        area = float(mask.sum())
        self._found.setdefault(name, []).append((uncertainty(answers, float(told.quality[0])), area))
        return answers[1]

    def _again(self, name: str, index: int, mask: Mask) -> Sequence[Prediction]:
        tight = _named(make_prompt("box").first(mask, _rng(0)), name)
        if self.sampler is None:
            loose = make_prompt(f"box:jitter={JITTER}")
            moved = [_named(loose.first(mask, _rng(n)), name) for n in range(1, self.repeats)]
            return self.predictor.decode(index, [tight, *moved])
        found = list(self.predictor.decode(index, [tight]))
        for number in range(1, self.repeats):
            found += self._draw(index, tight, number)
        return found

    def _draw(self, index: int, prompt: PromptSet, number: int) -> Sequence[Prediction]:
        import torch  # noqa: PLC0415  only for adapters that draw

        behaviour = self.sampler.behaviour if self.sampler is not None else None
        if behaviour is None:
            return []
        behaviour.draw(torch.Generator().manual_seed(number))
        try:
            return self.predictor.decode(index, [prompt])
        finally:
            behaviour.draw(None)

    def uncertainty(self, name: str) -> float:
        """The mean over slices that show it, by their areas; 1 where nothing was found."""
        found = self._found.get(name)
        if not found:
            return 1.0
        values, areas = np.array(found).T
        return float(np.average(values, weights=areas))


def _named(prompts: Sequence[PromptSet], name: str) -> PromptSet:
    (prompt,) = prompts
    return PromptSet(prompt.points, prompt.box, prompt.mask, name)


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)
