"""A model with a memory goes through the slices as through the frames of a video."""

from __future__ import annotations

from samaritan.core import UsageError
from samaritan.models._base import Segmenter, TrackingSegmenter
from samaritan.predict.propagate._base import STRATEGIES, Job
from samaritan.predict.propagate._memory_follower import MemoryFollower
from samaritan.predict.propagate._shape import close_gaps
from samaritan.predict.propagate._sweep import Sweep


class WithMemory:
    """Both directions from each prompted slice, as MedSAM2 (arXiv 2504.03600) uses SAM 2 (arXiv 2408.00714) on volumes.

    Between two prompted slices a chain runs from each side; both look at the memories of both ends, and their probabilities
    are fused. Every target has memories of its own.
    """

    name = "memory"
    title = "the model's own memory, both directions; for SAM 2 and its relatives"

    def check(self, segmenter: Segmenter, framing: str) -> None:
        """Refuse models without a memory, and parts of slices."""
        if not isinstance(segmenter, TrackingSegmenter):
            raise UsageError(
                f"{segmenter.name} has no memory to propagate with; use --propagate sequence, or a SAM 2 model."
            )
        if framing != "whole":
            raise UsageError(
                f"Memories need whole slices, and the framing is {framing}; use --framing whole, or "
                "--propagate sequence."
            )

    def run(self, job: Job) -> dict[str, set[int]]:
        """See :class:`Strategy`."""
        touched = Sweep(job, MemoryFollower(job), chains=lambda _: True).run()
        for name, target in job.targets.items():
            touched[name] |= close_gaps(target, target.gaps(job.changed[name]))
        return touched


STRATEGIES.add("memory", WithMemory())
