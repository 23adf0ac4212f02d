"""What the model proposes for a case when nobody says anything about it, and how sure it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from samaritan.adapt import Adaptation
from samaritan.annotate.engine.requests import CaseAnswer, CaseQuestion
from samaritan.annotate.learn.proposer import Proposer, features_of
from samaritan.annotate.learn.uncertainty import of_case, uncertainty
from samaritan.core import PromptSet, UsageError
from samaritan.models._base import Prediction
from samaritan.models._sam import SamSegmenter
from samaritan.predict.volume import VolumePredictor
from samaritan.prompts import make_prompt

#: How far the corners of the box around a first guess wander, as a share of its sides.
JITTER = 0.05

#: Parts of a first guess that are smaller than this share of its largest part are left out of the box.
LEAST = 0.3

Mask = NDArray[np.bool_]


def answer_case(
    predictor: VolumePredictor,
    question: CaseQuestion,
    about: Mapping[str, Any],
    *,
    proposer: Proposer | None = None,
    adaptation: Adaptation | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CaseAnswer:
    """Masks of all ``names`` that are known, slice by slice, with one encoding of each slice.

    A first guess comes from the proposer, or from an adapter that was trained without prompts. The model is then asked with
    the box around it, as a person would draw it: that answer is the proposal. It is asked again with the corners moved a
    little, and how much guess and answers differ, or how bad the model thinks the proposal is, makes the uncertainty
    (:mod:`samaritan.annotate.learn.uncertainty`): the mean over names, and over slices by their areas.

    Args:
        predictor: the model on the image.
        question: which names, and how often each is asked.
        about: what is known of the adapter, as :meth:`samaritan.adapt.AdapterCard.summary` says it; empty without one.
        proposer: what was learned beside the adapter.
        adaptation: the adapter as attached; one that draws samples gives them in place of moved boxes.
        progress: called with (slices done, slices in all), twice for each slice; what it raises ends the work.

    Raises:
        UsageError: the model was not taught to answer without prompts, or knows none of the names.
    """
    started, view = time.perf_counter(), predictor.view
    guess = _guesser(predictor, about, proposer)
    names = [name for name in question.names if name in guess.known]
    if not names:
        raise UsageError(
            f"The model in use was taught {', '.join(guess.known)}, and none of {', '.join(question.names)}; accept cases with "
            "them, and let Improve train again."
        )
    rough = {name: np.zeros(view.geometry.shape, bool) for name in names}
    done = 0
    for index in range(view.count):
        for name, mask in guess.ask(index, names).items():
            view.insert(rough[name], index, mask)
        done = _tell(progress, done, view.count)
    asking = _Asking(predictor, max(question.repeats, 1), adaptation)
    masks = {name: np.zeros(view.geometry.shape, bool) for name in names}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    kept = {name: without_crumbs(mask) for name, mask in rough.items()}
    for index in range(view.count):
        for name, mask in kept.items():
            here = view.slice(mask, index)
            if here.any():
                answers, quality = asking.ask(name, index, here)
                view.insert(masks[name], index, answers[0])
                found[name].append((uncertainty([*answers, here], quality), float(here.sum())))
        done = _tell(progress, done, view.count)
    return CaseAnswer(masks, of_case([_mean(values) for values in found.values()]), time.perf_counter() - started)


def without_crumbs(mask: Mask) -> Mask:
    """A mask of any axes without those of its parts that are smaller than :data:`LEAST` of the largest."""
    labels, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= LEAST * sizes.max())[labels])


def _tell(progress: Callable[[int, int], None] | None, done: int, count: int) -> int:
    if progress is not None:
        progress(done + 1, 2 * count)
    return done + 1


def _mean(values: Sequence[tuple[float, float]]) -> float:
    """By areas; 1 where nothing was found."""
    if not values:
        return 1.0
    uncertain, areas = np.array(values).T
    return float(np.average(uncertain, weights=areas))


@dataclass(frozen=True, eq=False)
class _Proposing:
    """A first guess from the proposer."""

    predictor: VolumePredictor
    segmenter: SamSegmenter
    proposer: Proposer

    @property
    def known(self) -> Sequence[str]:
        return self.proposer.labels

    def ask(self, index: int, names: Sequence[str]) -> dict[str, Mask]:
        image = self.predictor.embedding(index).features["image"]
        masks = self.proposer.masks(features_of(image), self.segmenter.frame, self.predictor.view.shape)
        return {name: masks[name] for name in names}


@dataclass(frozen=True, eq=False)
class _Prompting:
    """A first guess from an adapter that was trained without prompts: by name, or with the whole picture as the box."""

    predictor: VolumePredictor
    known: Sequence[str]
    alone: bool

    def ask(self, index: int, names: Sequence[str]) -> dict[str, Mask]:
        everything = np.ones(self.predictor.view.shape, bool)
        (box,) = make_prompt("image").first(everything, np.random.default_rng(0))
        asked = [PromptSet(text=name) if self.alone else replace(box, text=name) for name in names]
        answers = self.predictor.decode(index, asked)
        return {name: answer.logits[0] > 0 for name, answer in zip(names, answers, strict=True)}


def _guesser(
    predictor: VolumePredictor, about: Mapping[str, Any], proposer: Proposer | None
) -> _Proposing | _Prompting:
    segmenter, taught = predictor.segmenter, {"none", "image"} & set(about.get("prompts", ()))
    if proposer is not None and isinstance(segmenter, SamSegmenter):
        return _Proposing(predictor, segmenter, proposer)
    if taught:
        return _Prompting(predictor, about.get("labels", ()), "none" in taught)
    raise UsageError(
        "The model in use was not taught to answer without prompts; let Improve train one on accepted cases."
    )


@dataclass(frozen=True, eq=False)
class _Asking:
    """Asks with the box around a first guess, and again a little differently."""

    predictor: VolumePredictor
    repeats: int
    adaptation: Adaptation | None

    def ask(self, name: str, index: int, guess: Mask) -> tuple[list[Mask], float]:
        """Answers, the one to the box as it is first, and the model's estimate of that one's IoU."""
        (tight,) = make_prompt("box").first(guess, np.random.default_rng(0))
        question = replace(tight, text=name)
        if self.adaptation is not None and self.adaptation.method.card.stochastic:
            answers = self._drawn(index, question, self.adaptation)
        else:
            answers = self.predictor.decode(index, [question, *self._moved(name, guess)])
        return [answer.logits[0] > 0 for answer in answers], float(answers[0].quality[0])

    def _moved(self, name: str, guess: Mask) -> list[PromptSet]:
        loose = make_prompt(f"box:jitter={JITTER}")
        seeds = range(1, self.repeats)
        return [replace(loose.first(guess, np.random.default_rng(seed))[0], text=name) for seed in seeds]

    def _drawn(self, index: int, question: PromptSet, adaptation: Adaptation) -> list[Prediction]:
        """The most likely answer, then samples."""
        found = list(self.predictor.decode(index, [question]))
        try:
            for seed in range(1, self.repeats):
                adaptation.behaviour.draw(torch.Generator().manual_seed(seed))
                found += self.predictor.decode(index, [question])
        finally:
            adaptation.behaviour.draw(None)
        return found
