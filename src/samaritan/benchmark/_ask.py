"""Asking a model about one slice: all targets and prompts on one embedding, in as few decoder calls as possible."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import cast

import numpy as np
from numpy.typing import NDArray

from samaritan.benchmark._masks import Mask, PackedMask
from samaritan.core import PromptSet
from samaritan.models._base import Prediction
from samaritan.predict.volume import VolumePredictor
from samaritan.prompts._base import Candidates, PromptStrategy, Proposal, SharedStrategy

#: One decoder call answers at most this many prompts and makes at most this many logits (of 4 bytes): a plate with hundreds
#: of nuclei, or a large picture, would otherwise fill the memory.
MAX_PROMPTS = 64
MAX_LOGITS = 2**25


@dataclass(eq=False)
class Question:
    """One target under one strategy on one slice, and what the model has answered so far.

    Attributes:
        strategy: what asks.
        ref: (x, y) reference on the slice.
        rng: the question's own random stream.
        target: name of what is looked for.
        prompts: asked in the present round.
        mask: (x, y) the answer, empty before the first.
        low_res: (y, x) logits of the answer on the network's grid.
        quality: the model's estimate of its IoU.
        history: the answer after each round.
        interactions: acts of a person so far.
        seconds: share of the decoder's time.
    """

    strategy: PromptStrategy
    ref: Mask
    rng: np.random.Generator
    target: str | None = None
    prompts: list[PromptSet] = field(default_factory=list)
    mask: Mask = field(init=False)
    low_res: NDArray[np.float32] | None = None
    quality: float | None = None
    history: list[PackedMask] = field(default_factory=list)
    interactions: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.mask = np.zeros_like(self.ref)

    def take(self, predictions: Sequence[Prediction]) -> None:
        """Choose a candidate for each prompt of this round and unite them."""
        self.mask = np.zeros_like(self.ref)
        qualities = []
        for prediction in predictions:
            chosen = _choose(self.strategy.candidates, prediction, self.ref)
            self.mask |= prediction.logits[chosen] > 0
            self.low_res = prediction.low_res[chosen]
            qualities.append(float(prediction.quality[chosen]))
        self.quality = float(np.mean(qualities)) if qualities else None
        if not self.strategy.automatic:
            self.interactions = sum(prompt.interactions for prompt in self.prompts)
        self.history.append(PackedMask.of(self.mask))

    def accept(self, proposal: Proposal | None) -> None:
        """Take a mask that was found without being asked for, or none."""
        if proposal is not None:
            self.mask = proposal.mask((self.ref.shape[0], self.ref.shape[1]))
            self.quality = proposal.quality
        self.history.append(PackedMask.of(self.mask))

    def correct(self) -> bool:
        """Look at the answer and ask again; False when there is nothing (more) to correct."""
        if len(self.history) >= self.strategy.rounds or not self.prompts or self.low_res is None:
            return False
        question = self.strategy.correct(self.ref, self.mask, self.low_res, self.prompts[0], self.rng)
        if question is None:
            return False
        self.prompts = self.named([question])
        return True

    def named(self, prompts: Sequence[PromptSet]) -> list[PromptSet]:
        """The prompts with the target's name, for models that were taught names."""
        return [replace(prompt, text=self.target) for prompt in prompts]


def ask(predictor: VolumePredictor, index: int, questions: Sequence[Question]) -> None:
    """Answer all questions about slice ``index``; they are updated in place.

    Round by round in lock step: the first prompts of all targets and strategies go to the decoder together, then all their
    corrections, and so on. Prompts of shared strategies are decoded once and matched to each target.
    """
    own = [question for question in questions if not question.strategy.shared]
    for question in own:
        question.prompts = question.named(question.strategy.first(question.ref, question.rng))
    active = own
    while active:
        for multimask in (False, True):
            alike = [question for question in active if (question.strategy.candidates != "single") == multimask]
            _decode(predictor, index, alike, multimask=multimask)
        active = [question for question in active if question.correct()]
    shared: dict[str, list[Question]] = {}
    for question in questions:
        if question.strategy.shared:
            shared.setdefault(question.strategy.name, []).append(question)
    for group in shared.values():
        _match(predictor, index, cast(SharedStrategy, group[0].strategy), group)


def _decode(predictor: VolumePredictor, index: int, questions: Sequence[Question], *, multimask: bool) -> None:
    """One round of questions that want the same number of candidates."""
    prompts = [prompt for question in questions for prompt in question.prompts]
    started = time.perf_counter()
    answers = chain.from_iterable(_batches(predictor, index, prompts, multimask=multimask))
    for question in questions:
        question.take(list(islice(answers, len(question.prompts))))
    spent = time.perf_counter() - started
    for question in questions:
        question.seconds += spent * len(question.prompts) / max(len(prompts), 1)


def _match(predictor: VolumePredictor, index: int, strategy: SharedStrategy, questions: Sequence[Question]) -> None:
    """The prompts of a shared strategy, decoded once for all its questions."""
    started = time.perf_counter()
    collection = strategy.collect()
    prompts = strategy.first(questions[0].ref, questions[0].rng)
    for answers in _batches(predictor, index, prompts, multimask=strategy.candidates != "single"):
        collection.add(answers)
    proposals = collection.result()
    for question in questions:
        found = strategy.match(proposals, question.ref)
        question.accept(None if found is None else proposals[found])
    spent = time.perf_counter() - started
    for question in questions:
        question.seconds += spent / len(questions)


def _batches(
    predictor: VolumePredictor, index: int, prompts: Sequence[PromptSet], *, multimask: bool
) -> Iterator[list[Prediction]]:
    """The answers in order, in as few decoder calls as memory allows."""
    x, y = predictor.view.shape
    size = max(1, min(MAX_PROMPTS, MAX_LOGITS // (x * y * (3 if multimask else 1))))
    for start in range(0, len(prompts), size):
        yield predictor.decode(index, prompts[start : start + size], multimask=multimask)


def _choose(candidates: Candidates, prediction: Prediction, ref: Mask) -> int:
    """The number of the candidate that counts."""
    if candidates == "quality":
        return int(np.argmax(prediction.quality))
    if candidates == "oracle":
        masks = prediction.logits > 0
        shared = (masks & ref).sum(axis=(1, 2))
        return int(np.argmax(2 * shared / np.maximum(masks.sum(axis=(1, 2)) + ref.sum(), 1)))
    return 0
