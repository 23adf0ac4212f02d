"""A model without a memory: what is asked on the next slice comes from the mask on the last one."""

from __future__ import annotations

from collections.abc import Mapping

from samaritan.predict._ask import patches
from samaritan.predict._patch import Patch
from samaritan.predict.propagate._base import Job
from samaritan.predict.propagate._questions import questions_after
from samaritan.predict.propagate._sweep import Answers, Asked, Chain


class MaskFollower:
    """Asks with the box around the last mask, and whatever else the weights were trained for."""

    patience = 0  # after an empty mask there is nothing to ask with
    prompts_first = False

    def __init__(self, job: Job) -> None:
        self._job = job

    def answer(self, index: int, asked: Asked, chains: Mapping[str, Chain]) -> Answers:
        """See :class:`samaritan.predict.propagate._sweep.Follower`."""
        questions = {name: prompts for name, (_, prompts) in asked.items()}
        kinds = self._job.predictor.segmenter.card.prompts
        for name, chain in chains.items():
            text = chain.target.text
            questions[name] = questions_after(chain.last.patch, self._job.rules, kinds, text)
        return patches(self._job.predictor, index, questions, self._job.candidates)

    def reason(self, chain: Chain, patch: Patch, quality: float) -> str | None:
        """Area, predicted quality and overlap: such a model finds something in every box it is shown."""
        return self._job.rules.reason(patch, quality, chain.last.patch, chain.first.quality)
