"""What a run collects about a target that was followed through a volume, and what is scored of it beside the last mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from samaritan.benchmark._masks import PackedMask, stack, unite
from samaritan.benchmark._measure import Measurement
from samaritan.benchmark._row import Chain, VolumeScores
from samaritan.benchmark._score import score
from samaritan.benchmark._targets import Target
from samaritan.core import PromptSet, SliceView
from samaritan.predict import VolumeSession
from samaritan.prompts import Solid, VolumeStrategy

Masks = Mapping[int, PackedMask]

NOTHING = PackedMask.of(np.zeros((1, 1), bool))


@dataclass(frozen=True)
class Cost:
    """What one prompt took for all targets of a case together.

    Attributes:
        encode_calls: pictures that had to be encoded, as if nothing had been kept from other prompts.
        seconds: all else by the clock: decoding, and following from slice to slice.
    """

    encode_calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Round:
    """The answer after a person has spoken.

    Attributes:
        masks: slice -> mask, where it is not empty.
        interactions: acts of the person until then.
    """

    masks: Masks
    interactions: int


@dataclass(eq=False)
class Followed(Measurement):
    """One target under one strategy about volumes in one repeat.

    Attributes:
        rounds: the answers, one after each round in which the person spoke.
        chains: where the target was followed to, and why no further.
        cost: of all targets of the case under this strategy.
    """

    strategy: VolumeStrategy
    rounds: list[Round] = field(default_factory=list)
    chains: list[Chain] = field(default_factory=list)
    cost: Cost = field(default_factory=Cost)

    def named(self, prompts: Mapping[int, PromptSet]) -> dict[int, PromptSet]:
        """The prompts with the target's name, for models that were taught names."""
        return {k: replace(prompt, text=self.target.name) for k, prompt in prompts.items()}

    def take(self, session: VolumeSession, name: str, prompts: Mapping[int, PromptSet]) -> None:
        """Take over the session's answer to ``prompts`` for the target that it knows as ``name``."""
        self.interactions += self.strategy.interactions(prompts)
        qualities = session.quality(name)
        found = {k: PackedMask.of(session.picture_mask(name, k)) for k in qualities}
        self.masks = {k: mask for k, mask in found.items() if mask.area}
        self.qualities = list(qualities.values())
        self.rounds.append(Round(self.masks, self.interactions))
        for k, prompt in prompts.items():
            self.prompts.setdefault(k, []).append(prompt)
        ends = min(self.target.areas), max(self.target.areas)
        self.chains = [
            Chain(step=stop.step, start=stop.start, last=stop.last, edge=ends[stop.step > 0], reason=stop.reason)
            for stop in session.stops(name)
        ]

    def after(self, number: int) -> Round:
        """The answer to at most ``number`` rounds (from 1); a target that needed fewer keeps its last."""
        return self.rounds[min(number, len(self.rounds)) - 1] if self.rounds else Round({}, 0)

    @property
    def slices(self) -> int:
        """Number of slices on which the person said something."""
        return len(self.prompts)

    @property
    def dice_by_round(self) -> list[float] | None:
        """Dice of the whole target after each round."""
        if self.strategy.rounds < 2:
            return None
        return [dice(self.after(number).masks, self.target.areas) for number in range(1, self.strategy.rounds + 1)]

    @property
    def interactions_by_round(self) -> list[int] | None:
        """Acts of the person until each round; one more for every round that was not needed any more."""
        if self.strategy.rounds < 2:
            return None
        spare = [max(number - len(self.rounds), 0) for number in range(1, self.strategy.rounds + 1)]
        return [self.after(number).interactions + more for number, more in enumerate(spare, start=1)]

    @property
    def worst(self) -> int:
        """The slice on which most pixels are wrong; of equals the lowest."""
        pairs = {
            k: (self.target.areas.get(k, NOTHING), self.masks.get(k, NOTHING))
            for k in sorted({*self.target.areas, *self.masks})
        }
        wrong = {k: ref.area + pred.area - 2 * ref.overlap(pred) for k, (ref, pred) in pairs.items()}
        return max(wrong, key=lambda k: wrong[k])

    def united(self, whole: Target, parts: Sequence[Measurement], shown: int, shape: tuple[int, int]) -> Followed:  # noqa: ARG002
        """The measurement of ``whole`` from those of its parts, round by round."""
        found = [part for part in parts if isinstance(part, Followed)]
        rounds = [
            _union([part.after(n) for part in found], shape) for n in range(1, max(len(p.rounds) for p in found) + 1)
        ]
        prompts: dict[int, list[PromptSet]] = {}
        for part in found:
            for k, said in part.prompts.items():
                prompts.setdefault(k, []).extend(said)
        return Followed(
            whole,
            self.strategy,
            self.repeat,
            masks=dict(rounds[-1].masks) if rounds else {},
            qualities=[quality for part in found for quality in part.qualities],
            interactions=sum(part.interactions for part in found),
            seconds=sum(part.seconds for part in found),
            prompts=prompts,
            rounds=rounds,
            chains=[chain for part in found for chain in part.chains],
            cost=self.cost,
        )

    def nsd_by_round(self, view: SliceView, tolerance: float) -> list[float | None] | None:
        """Surface Dice after each round, None where undefined."""
        if self.strategy.rounds < 2:
            return None
        each = [
            score(pred=one.masks, ref=self.target.areas, view=view, nsd_tolerance=tolerance, metrics=("nsd",))["nsd"]
            for one in self.rounds or [self.after(1)]
        ]
        return [each[min(number, len(each) - 1)] for number in range(self.strategy.rounds)]

    def scores(self, view: SliceView, *, nsd_tolerance: float, propagation: str, encode_seconds: float) -> VolumeScores:
        """What rows of prompts about volumes hold beside the others.

        Args:
            view: plane and grid of the slices.
            nsd_tolerance: of the surface Dice.
            propagation: its name.
            encode_seconds: of one picture, on average.
        """
        acts, nsd = self.interactions_by_round, self.nsd_by_round(view, nsd_tolerance)
        return VolumeScores(
            propagation=propagation,
            nsd_by_round=nsd,
            interactions_by_round=acts,
            dice_auc=area_under(acts, self.dice_by_round),
            nsd_auc=area_under(acts, nsd),
            dice_by_distance=dice_by_distance(self.masks, self.target.areas, list(self.prompts)),
            chains=self.chains,
            case_calls=self.cost.encode_calls,
            case_seconds=self.cost.seconds + self.cost.encode_calls * encode_seconds,
        )


def _union(rounds: Sequence[Round], shape: tuple[int, int]) -> Round:
    slices = sorted({k for one in rounds for k in one.masks})
    masks = {k: unite((one.masks[k] for one in rounds if k in one.masks), shape) for k in slices}
    return Round(masks, sum(one.interactions for one in rounds))


def as_solid(masks: Masks, view: SliceView) -> Solid:
    """Masks of slices as a strategy looks at them."""
    drawn = {k: mask for k, mask in masks.items() if mask.area}
    shape = (*view.shape, view.count)
    spacing = view.spacing if view.geometry.unit == "mm" else (1.0, 1.0, 1.0)
    if not drawn:
        return Solid(np.zeros((0, 0, 0), bool), (0, 0, 0), shape, spacing)
    low = np.min([(*mask.corner, k) for k, mask in drawn.items()], axis=0)
    high = np.max([(*mask.end, k + 1) for k, mask in drawn.items()], axis=0)
    return Solid(stack(drawn, low, high), (int(low[0]), int(low[1]), int(low[2])), shape, spacing)


def dice(pred: Masks, ref: Masks) -> float:
    """Dice over all slices; the reference is not empty."""
    shared = sum(mask.overlap(ref[k]) for k, mask in pred.items() if k in ref)
    return 2 * shared / (sum(mask.area for mask in pred.values()) + sum(mask.area for mask in ref.values()))


def dice_by_distance(pred: Masks, ref: Masks, asked: Sequence[int]) -> list[float | None]:
    """Dice over the slices that lie 0, 1, 2, ... slices from the nearest one where a person said something.

    None where there is no such slice on which either mask shows anything; nothing where nobody was asked.
    """
    found: dict[int, list[int]] = {}
    for k in {*pred, *ref} if asked else ():
        found.setdefault(min(abs(k - a) for a in asked), []).append(k)
    pooled = {
        distance: dice({k: pred[k] for k in slices if k in pred}, {k: ref[k] for k in slices if k in ref})
        for distance, slices in found.items()
    }
    return [pooled.get(distance) for distance in range(max(pooled, default=-1) + 1)]


def area_under(acts: Sequence[int] | None, values: Sequence[float | None] | None) -> float | None:
    """Area under a score over the number of interactions, divided by their range: the mean score on the way.

    Trapezoids, as in the CVPR 2025 challenge on interactive 3D segmentation; None where there is one round only.
    """
    known = [value for value in values or () if value is not None]
    if acts is None or values is None or len(known) < len(values) or acts[-1] == acts[0]:
        return None
    return float(np.trapezoid(known, acts) / (acts[-1] - acts[0]))
