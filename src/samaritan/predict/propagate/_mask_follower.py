"""A model without a memory: what is asked on the next slice comes from the mask on the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from samaritan.core import PromptSet
from samaritan.predict._ask import patches
from samaritan.predict.propagate._base import Job, Target
from samaritan.predict.propagate._questions import questions_after
from samaritan.predict.propagate._sweep import Answers, Chain


class MaskFollower:
    """Asks with the box around the last mask, and whatever else the weights were trained for."""

    patience = 0  # after an empty mask there is nothing to ask with

    def __init__(self, job: Job) -> None:
        self._job = job

    def answer(
        self, index: int, asked: Mapping[str, tuple[Target, Sequence[PromptSet]]], chains: Mapping[str, Chain]
    ) -> Answers:
        """See :class:`samaritan.predict.propagate._sweep.Follower`."""
        questions = {name: prompts for name, (_, prompts) in asked.items()}
        kinds = self._job.predictor.segmenter.card.prompts
        for name, chain in chains.items():
            text = chain.target.text
            questions[name] = questions_after(chain.last.patch, self._job.rules, kinds, text)
        return patches(self._job.predictor, index, questions, self._job.candidates)
