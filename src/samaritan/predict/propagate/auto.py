"""The best strategy that the model can do."""

from __future__ import annotations

from samaritan.models._base import Segmenter, TrackingSegmenter
from samaritan.predict.propagate._base import STRATEGIES, Job, Strategy


class Auto:
    """Stands for another strategy; never runs itself."""

    name = "auto"
    title = "the model's memory where it has one, else sequence"

    def check(self, segmenter: Segmenter) -> None:
        """Every model can do something."""

    def run(self, job: Job) -> dict[str, set[int]]:
        """See :class:`Strategy`."""
        return chosen("auto", job.predictor.segmenter).run(job)


def chosen(name: str, segmenter: Segmenter) -> Strategy:
    """The strategy of that name; instead of "auto" the one that it stands for.

    Raises:
        UnknownNameError: there is no such strategy.
        UsageError: the model cannot do it.
    """
    if name == Auto.name:
        name = "memory" if isinstance(segmenter, TrackingSegmenter) else "sequence"
    strategy = STRATEGIES.get(name)
    strategy.check(segmenter)
    return strategy


STRATEGIES.add("auto", Auto())
