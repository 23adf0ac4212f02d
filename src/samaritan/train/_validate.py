"""How well the model does on the validation part: Dice on prompts that are the same every time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch

from samaritan.adapt import Adaptation
from samaritan.prompts._base import PromptStrategy
from samaritan.train._examples import Example
from samaritan.train._features import Trunk
from samaritan.train._questions import Question, ask
from samaritan.train._step import Batch, Step

#: Questions about one picture that are scored, at most.
QUESTIONS = 2


class Validation:
    """Scores an adapted model on fixed questions.

    Args:
        examples: of the validation part.
        strategies: prompts, each question takes one of them.
        seed: of the questions.
        limit: most pictures, evenly spaced.
    """

    def __init__(
        self, examples: Sequence[Example], strategies: Sequence[PromptStrategy], seed: int, limit: int
    ) -> None:
        count = min(limit, len(examples))
        self._examples = [examples[int((n + 0.5) * len(examples) / count)] for n in range(count)]
        self._strategies = strategies
        self._seed = seed

    def __bool__(self) -> bool:
        return bool(self._examples)

    def __call__(self, adapted: Adaptation, trunk: Trunk, step: Step) -> float:
        """Mean Dice over patients, of hard masks at the size that the network sees; NaN where an answer is no number."""
        adapted.train(False)
        found: dict[str, list[float]] = defaultdict(list)
        with torch.no_grad():
            for number, example in enumerate(self._examples):
                for question in self._questions(number, example):
                    found[example.patient].append(self._dice(adapted, trunk, step, example, question))
        return float(np.mean([np.mean(values) for values in found.values()])) if found else float("nan")

    def _questions(self, number: int, example: Example) -> list[Question]:
        rng = np.random.default_rng([self._seed, 1, number])
        questions = ask(example, 0, self._strategies, QUESTIONS, rng)
        for question in questions:
            question.rounds = question.strategy.rounds
        return questions

    def _dice(self, adapted: Adaptation, trunk: Trunk, step: Step, example: Example, question: Question) -> float:
        frame = adapted.segmenter.frame
        batch = Batch()
        batch.add(example, [question], frame, trunk)
        logits = step.answer(batch)
        if not logits.isfinite().all():
            return float("nan")  # spoilt weights are never the best, whatever part of the mask is left
        mask = frame.restore(logits.float(), question.shape)[0, 0].cpu().numpy() > 0
        ref = question.ref
        return float(2 * (mask & ref).sum() / max(mask.sum() + ref.sum(), 1))
