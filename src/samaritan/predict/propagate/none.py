"""Prompted slices only."""

from __future__ import annotations

from samaritan.models._base import Segmenter
from samaritan.predict.propagate._base import STRATEGIES, Job
from samaritan.predict.propagate._mask_follower import MaskFollower
from samaritan.predict.propagate._sweep import Sweep


class Nowhere:
    """Nothing is segmented that was not asked for."""

    name = "none"
    title = "prompted slices only"

    def check(self, segmenter: Segmenter, framing: str) -> None:
        """Every model can."""

    def run(self, job: Job) -> dict[str, set[int]]:
        """See :class:`Strategy`."""
        return Sweep(job, MaskFollower(job), chains=lambda _: False).run()


STRATEGIES.add("none", Nowhere())
