"""What a strategy of propagation is, and what is known about a target while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, Protocol

from samaritan.core import PromptSet, Registry
from samaritan.models._base import Memory, Segmenter
from samaritan.predict._ask import Candidates
from samaritan.predict._patch import Patch
from samaritan.predict.propagate._rules import Rules
from samaritan.predict.volume import VolumePredictor

#: How a slice's mask came about: a person asked there, a chain came along, two chains were fused, or it was interpolated
#: between prompted slices, alone (shape) or as the model's next question (refined).
Origin = Literal["prompt", "chain", "fused", "shape", "refined"]


@dataclass(frozen=True, eq=False)
class Found:
    """The mask of one target on one slice.

    Attributes:
        patch: its logits.
        quality: the model's own estimate of IoU, mean over the questions; of a fused slice the weighted mean of both chains,
            and of an interpolated one that of the two masks it lies between.
        origin: how it came about.
    """

    patch: Patch
    quality: float
    origin: Origin


@dataclass(frozen=True)
class Leg:
    """The way of one chain: away from a prompted slice, towards the next one or the end.

    Attributes:
        start: the prompted slice.
        step: +1 or -1.
        last: the last slice it may visit; ``start`` where there is none.
        between: whether another prompted slice lies behind ``last``.
    """

    start: int
    step: int
    last: int
    between: bool

    @property
    def slices(self) -> range:
        """Those it may visit, in order."""
        return range(self.start + self.step, self.last + self.step, self.step)


@dataclass(frozen=True)
class Stop:
    """Where a chain ended.

    Attributes:
        start: the prompted slice that it came from.
        step: +1 or -1.
        last: the last slice with a mask of this chain; ``start`` where there is none.
        reason: why it went no further.
    """

    start: int
    step: int
    last: int
    reason: str


@dataclass(eq=False)
class Target:
    """One target of a session.

    Attributes:
        name: of the target.
        first: slices outside of ``first``..``last`` are never looked at.
        last: see ``first``.
        bounded: whether a person said that the target spans all of them, so that chains stop for nothing but an empty mask.
        prompts: slice -> what was asked there; several PromptSets are asked one by one and their masks united.
        given: prompted slice -> the mask that a person made there, whatever the model answers.
        found: slice -> mask.
        memories: prompted slice -> what a model with a memory keeps of it, where a chain may start now or after a correction.
        stops: (start, step) -> where that chain ended.
    """

    name: str
    first: int
    last: int
    bounded: bool = False
    prompts: dict[int, tuple[PromptSet, ...]] = field(default_factory=dict)
    given: dict[int, Patch] = field(default_factory=dict)
    found: dict[int, Found] = field(default_factory=dict)
    memories: dict[int, Memory] = field(default_factory=dict)
    stops: dict[tuple[int, int], Stop] = field(default_factory=dict)

    def copy(self, first: int, last: int, *, bounded: bool) -> Target:
        """The same with these bounds, to be worked on while this one stays as it is."""
        return Target(
            self.name, first, last, bounded, dict(self.prompts), dict(self.given), dict(self.found), dict(self.memories),
            dict(self.stops),
        )  # fmt: skip

    def legs(self, changed: set[int]) -> list[Leg]:
        """The ways that start or end at one of the ``changed`` prompted slices."""
        places = sorted(self.prompts)
        touched = {
            (number + aside, step)
            for number, place in enumerate(places)
            if place in changed
            for aside, step in ((0, 1), (0, -1), (-1, 1), (1, -1))
            if 0 <= number + aside < len(places)
        }
        return [self._leg(places, number, step) for number, step in sorted(touched)]

    def edges(self) -> set[int]:
        """Prompted slices with one beside them, within the bounds, that is not; chains start nowhere else."""
        beside = {place: {place - 1, place + 1} - self.prompts.keys() for place in self.prompts}
        return {place for place, others in beside.items() if any(self.first <= k <= self.last for k in others)}

    def gaps(self, changed: set[int]) -> list[tuple[int, int]]:
        """Neighbouring prompted slices, one of them ``changed``, with others between them."""
        places = sorted(self.prompts)
        return [(a, b) for a, b in pairwise(places) if b > a + 1 and (a in changed or b in changed)]

    @property
    def text(self) -> str | None:
        """What its first prompt calls it, for models that were taught names."""
        return next((prompt.text for prompts in self.prompts.values() for prompt in prompts), None)

    def forget(self, legs: list[Leg]) -> set[int]:
        """Drop what was found along ``legs``; returns the slices that had a mask."""
        lost = {index for leg in legs for index in leg.slices if index in self.found}
        for index in lost:
            del self.found[index]
        for leg in legs:
            self.stops.pop((leg.start, leg.step), None)
        return lost

    def forget_all(self) -> None:
        """Drop all but what a person said."""
        for known in (self.found, self.memories, self.stops):
            known.clear()

    def _leg(self, places: list[int], number: int, step: int) -> Leg:
        between = 0 <= number + step < len(places)
        end = self.last if step > 0 else self.first
        return Leg(places[number], step, places[number + step] - step if between else end, between)


@dataclass(frozen=True)
class Job:
    """What a strategy is to do, and with what.

    Attributes:
        predictor: the model on the volume.
        targets: those with new or changed prompts.
        changed: target -> its prompted slices that are new or have changed.
        rules: margins, and when a chain stops.
        candidates: see :func:`samaritan.predict.predict`.
        progress: called with (slices done, slices at most).
    """

    predictor: VolumePredictor
    targets: Mapping[str, Target]
    changed: Mapping[str, set[int]]
    rules: Rules
    candidates: Candidates = "single"
    progress: Callable[[int, int], None] | None = None


class Strategy(Protocol):
    """How masks get from prompted slices to the others.

    Attributes:
        name: in the registry.
        title: one line for a person.
    """

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def check(self, segmenter: Segmenter, framing: str) -> None:
        """Refuse a model, or a framing, that cannot do it.

        Raises:
            UsageError: with what it needs.
        """
        ...

    def run(self, job: Job) -> dict[str, set[int]]:
        """Fill ``found`` and ``stops`` of the targets; returns target -> slices that were computed again or lost their mask.

        What lies outside the stretches between a changed slice and its prompted neighbours (or the ends) stays as it is.
        """
        ...


STRATEGIES: Registry[Strategy] = Registry("propagation", "samaritan.predict.propagate")
