"""What each step trains on: a function of the seed and the step's number, so that a resumed run draws what it would have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samaritan.core import InputError
from samaritan.prompts._base import PromptStrategy
from samaritan.train._augment import variant
from samaritan.train._config import Augmentation, TrainConfig
from samaritan.train._examples import Example
from samaritan.train._questions import Question, ask

#: So often a picture is drawn anew where nothing can be asked about it.
ATTEMPTS = 20


@dataclass(frozen=True, eq=False)
class Drawn:
    """One picture of a step, augmented, and what is asked about it."""

    example: Example
    questions: list[Question]


class Sampler:
    """Draws pictures: each patient as likely as another, then each picture of the patient, then each version.

    Args:
        examples: of the training part.
        strategies: prompts.
        config: the run's settings.
        augment: kind of augmentation, resolved.
        variants: versions of each picture.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        strategies: Sequence[PromptStrategy],
        config: TrainConfig,
        augment: Augmentation,
        variants: int,
    ) -> None:
        patients: dict[str, list[Example]] = defaultdict(list)
        for example in examples:
            patients[example.patient].append(example)
        self._patients = list(patients.values())
        self._strategies = strategies
        self._config = config
        self._augment = augment
        self._variants = variants

    def draw(self, step: int, slot: int, number: int) -> Drawn:
        """Picture ``slot`` of a step; its questions say that it is picture ``number`` of its batch.

        Raises:
            InputError: nothing can be asked about any picture drawn.
        """
        config = self._config
        rng = np.random.default_rng([config.seed, 0, step, slot])
        for _ in range(ATTEMPTS):
            pictures = self._patients[rng.integers(len(self._patients))]
            chosen = pictures[rng.integers(len(pictures))]
            example = variant(chosen, int(rng.integers(self._variants)), self._augment, config.seed)
            questions = ask(
                example, number, self._strategies, config.targets, rng, random_rater=config.raters == "random"
            )
            if questions:
                return Drawn(example, questions)
        raise InputError(
            f"Nothing could be asked about {chosen.key} and others with {', '.join(config.prompts)}: the targets are too "
            "small; use other prompts, or larger images."
        )
