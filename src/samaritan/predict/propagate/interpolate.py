"""Between prompted slices only: the shapes on both sides are interpolated, or asked about."""

from __future__ import annotations

from dataclasses import dataclass

from samaritan.models._base import Segmenter
from samaritan.predict.propagate._base import STRATEGIES, Job
from samaritan.predict.propagate._mask_follower import MaskFollower
from samaritan.predict.propagate._shape import close_gaps
from samaritan.predict.propagate._sweep import Sweep


@dataclass(frozen=True)
class Interpolate:
    """Signed distances between neighbouring prompted slices (see :mod:`samaritan.predict.propagate._shape`).

    Attributes:
        name: in the registry.
        title: one line for a person.
        refine: whether the model is then asked with the box around the interpolated shape. Its answer is taken where it
            overlaps with that shape; one encoding for each slice between, however many targets.
    """

    name: str
    title: str
    refine: bool

    def check(self, segmenter: Segmenter, framing: str) -> None:
        """Every model can."""

    def run(self, job: Job) -> dict[str, set[int]]:
        """See :class:`Strategy`."""
        touched = Sweep(job, MaskFollower(job), chains=lambda _: False, refine=self.refine).run()
        for name, target in job.targets.items():
            touched[name] |= close_gaps(target, target.gaps(job.changed[name]))
        return touched


STRATEGIES.add(
    "interpolate", Interpolate("interpolate", "shapes between prompted slices; no encoder calls", refine=False)
)
STRATEGIES.add("refine", Interpolate("refine", "the model asked with shapes between prompted slices", refine=True))
