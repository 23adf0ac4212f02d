"""The best strategy that the model can do."""

from __future__ import annotations

from samaritan.models._base import Segmenter
from samaritan.predict.propagate._base import STRATEGIES, Job


class Auto:
    """Chains of boxes; the name of what was chosen is in the record."""

    name = "auto"
    title = "the best that the model can do"

    def check(self, segmenter: Segmenter) -> None:
        """Every model can do something."""

    def run(self, job: Job) -> dict[str, set[int]]:
        """See :class:`Strategy`."""
        return STRATEGIES.get("sequence").run(job)


STRATEGIES.add("auto", Auto())
