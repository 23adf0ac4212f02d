"""From each prompted slice up and down, every next prompt from the last mask."""

from __future__ import annotations

from samaritan.models._base import Segmenter
from samaritan.predict.propagate._base import STRATEGIES, Job
from samaritan.predict.propagate._mask_follower import MaskFollower
from samaritan.predict.propagate._shape import close_gaps
from samaritan.predict.propagate._sweep import Sweep


class Sequence:
    """Chains of boxes, as people use 2D models on volumes (MedSAM2's comparison, arXiv 2504.03600, calls it the same).

    Between two prompted slices a chain runs from each side and their probabilities are fused; where both lost the target
    before they met, the shapes on both sides are interpolated.
    """

    name = "sequence"
    title = "slice to slice, each box from the last mask; two-sided between prompted slices"

    def check(self, segmenter: Segmenter, framing: str) -> None:
        """Every model can."""

    def run(self, job: Job) -> dict[str, set[int]]:
        """See :class:`Strategy`."""
        touched = Sweep(job, MaskFollower(job), chains=lambda _: True).run()
        for name, target in job.targets.items():
            touched[name] |= close_gaps(target, target.gaps(job.changed[name]))
        return touched


STRATEGIES.add("sequence", Sequence())
