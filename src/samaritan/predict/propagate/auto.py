"""The best strategy that the model can do."""

from __future__ import annotations

from samaritan.models._base import Segmenter, TrackingSegmenter
from samaritan.predict.propagate._base import STRATEGIES, Job, Strategy


class Auto:
    """Stands for another strategy."""

    name = "auto"
    title = "the model's memory where it has one and sees whole slices, else sequence"

    def check(self, segmenter: Segmenter, framing: str) -> None:
        """Every model can do something."""

    def run(self, job: Job) -> dict[str, set[int]]:
        """See :class:`Strategy`."""
        return chosen("auto", job.predictor.segmenter, job.predictor.framing.name).run(job)


def chosen(name: str, segmenter: Segmenter, framing: str) -> Strategy:
    """The strategy of that name; instead of "auto" the one that it stands for.

    Raises:
        UnknownNameError: there is no such strategy.
        UsageError: the model cannot do it.
    """
    if name == Auto.name:
        remembers = isinstance(segmenter, TrackingSegmenter) and framing == "whole"
        name = "memory" if remembers else "sequence"
    strategy = STRATEGIES.get(name)
    strategy.check(segmenter, framing)
    return strategy


STRATEGIES.add("auto", Auto())
