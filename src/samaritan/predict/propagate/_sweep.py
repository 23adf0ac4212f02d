"""Chains of all targets, slice by slice in lockstep: one pass up the volume, one pass down.

People's prompts are answered on the way up; so on the way down both ends of every gap between prompted slices are known, and
where the gap is to be filled by interpolation, the interpolated shape is the model's next question.

On every slice the questions of all targets go to the model together, on one embedding, so that the encoder runs once per
visited slice and pass however many targets there are. A slice that both passes visit (between prompted slices, or where one
target's chain goes up and another's down) is encoded once if the predictor still holds or has stored its embedding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from samaritan.core import PromptSet
from samaritan.models._base import Memory
from samaritan.predict._patch import Patch
from samaritan.predict.propagate._base import Found, Job, Leg, Stop, Target
from samaritan.predict.propagate._questions import questions_after
from samaritan.predict.propagate._shape import interpolated

Answers = dict[str, tuple[Patch, float]]
Asked = dict[str, tuple[Target, tuple[PromptSet, ...]]]


@dataclass(eq=False)
class Chain:
    """A chain on its way.

    Attributes:
        target: whose.
        leg: its way.
        first: the mask that it started from.
        last: its last mask that was not empty.
        reached: the slice of ``last``.
        empty: how many slices since then were empty.
        memories: (slice, memory) of a model that keeps some, oldest first.
    """

    target: Target
    leg: Leg
    first: Found
    last: Found
    reached: int
    empty: int = 0
    memories: list[tuple[int, Memory]] = field(default_factory=list)


class Follower(Protocol):
    """How a model is asked about the next slice.

    Attributes:
        patience: so many empty slices in a row a chain may pass over.
        prompts_first: whether all prompted slices are answered before any chain starts, because chains look at both ends.
    """

    patience: int
    prompts_first: bool

    def answer(self, index: int, asked: Asked, chains: Mapping[str, Chain]) -> Answers:
        """What the model says about all targets on slice ``index``: those with prompts, and those with a chain."""
        ...

    def reason(self, chain: Chain, patch: Patch, quality: float) -> str | None:
        """Why a chain must not take ``patch`` as its next mask; None where it may."""
        ...


class Pass(NamedTuple):
    """Once through the volume: in which direction, and what is done on the way."""

    step: int
    prompts: bool
    chains: bool


class Sweep:
    """Ask on changed slices and send chains along the ways that they touch.

    Args:
        job: what to do.
        follower: how the model is asked.
        chains: whether the way of a leg is gone by a chain; what was found along the others is forgotten, too.
        refine: whether the model is asked between prompted slices with the interpolated shape, where no chain goes.
    """

    def __init__(self, job: Job, follower: Follower, chains: Callable[[Leg], bool], *, refine: bool = False) -> None:
        self.job = job
        self.follower = follower
        self.touched: dict[str, set[int]] = {}
        self._ways: dict[str, list[Leg]] = {}
        self._gaps: dict[int, list[tuple[str, int, int]]] = {}
        for name, target in job.targets.items():
            legs = target.legs(job.changed[name])
            self.touched[name] = target.forget(legs) | job.changed[name]
            self._ways[name] = [leg for leg in legs if chains(leg)]
            for low, high in target.gaps(job.changed[name]) if refine else ():
                for index in range(low + 1, high):
                    self._gaps.setdefault(index, []).append((name, low, high))
        first = [Pass(1, True, False), Pass(1, False, True)] if follower.prompts_first else [Pass(1, True, True)]
        self._passes = [*first, Pass(-1, False, True)]
        self._done = 0
        self._planned = sum(len(self._plan(each)) for each in self._passes)

    def run(self) -> dict[str, set[int]]:
        """All passes; returns target -> slices that were computed again or lost their mask."""
        for each in self._passes:
            self._pass(each)
        if self.job.progress is not None and self._planned:
            self.job.progress(self._planned, self._planned)
        return self.touched

    def _plan(self, each: Pass) -> list[int]:
        """Slices that a pass may visit, in its order."""
        slices = {index for _, leg in self._along(each) for index in leg.slices}
        if each.prompts:
            slices |= {index for places in self.job.changed.values() for index in places}
        if each.step < 0:
            slices |= set(self._gaps)
        return sorted(slices, reverse=each.step < 0)

    def _along(self, each: Pass) -> Iterator[tuple[str, Leg]]:
        legs = ((name, leg) for name, legs in self._ways.items() for leg in legs)
        return ((name, leg) for name, leg in legs if each.chains and leg.step == each.step)

    def _pass(self, each: Pass) -> None:
        waiting: dict[int, list[tuple[str, Leg]]] = {}
        for name, leg in self._along(each):
            waiting.setdefault(leg.start + each.step, []).append((name, leg))
        chains: dict[str, Chain] = {}
        for index in self._plan(each):
            for name, leg in waiting.pop(index, ()):
                self._open(name, leg, chains)
            self._visit(index, each, chains)
            self._done += 1
            if self.job.progress is not None:
                self.job.progress(self._done, self._planned)
        for start in waiting.values():  # ways without a slice
            for name, leg in start:
                self._end(self.job.targets[name], leg, leg.start)

    def _open(self, name: str, leg: Leg, chains: dict[str, Chain]) -> None:
        target = self.job.targets[name]
        first = target.found.get(leg.start)
        if first is None or not first.patch.area:
            reason = "nothing was found on the prompted slice"
            target.stops[leg.start, leg.step] = Stop(leg.start, leg.step, leg.start, reason)
        elif not leg.slices:
            self._end(target, leg, leg.start)
        else:
            chains[name] = Chain(target, leg, first, first, leg.start)

    def _visit(self, index: int, each: Pass, chains: dict[str, Chain]) -> None:
        asked = self._prompts(index) if each.prompts else {}
        drafts = self._drafts(index) if each.step < 0 else {}
        shapes = {name: (self.job.targets[name], self._next_questions(name, draft)) for name, draft in drafts.items()}
        answers = self.follower.answer(index, asked | shapes, chains) if asked or shapes or chains else {}
        for name, (patch, quality) in answers.items():
            self.touched[name].add(index)
            found = self.job.targets[name].found
            if name in asked:
                found[index] = Found(self.job.targets[name].given.get(index, patch), quality, "prompt")
            elif name in drafts:
                near = patch.overlap(drafts[name].patch) >= self.job.rules.overlap
                found[index] = Found(patch, quality, "refined") if near else drafts[name]
            elif not self._advance(chains[name], index, patch, quality):
                del chains[name]

    def _prompts(self, index: int) -> Asked:
        """What people ask on a slice, as far as it is new."""
        targets = self.job.targets.items()
        return {name: (t, t.prompts[index]) for name, t in targets if index in self.job.changed[name]}

    def _drafts(self, index: int) -> dict[str, Found]:
        """The shapes between two prompted slices, where they are not empty."""
        drafts = {n: interpolated(self.job.targets[n], a, b, index) for n, a, b in self._gaps.get(index, ())}
        return {name: draft for name, draft in drafts.items() if draft.patch.area}

    def _next_questions(self, name: str, found: Found) -> tuple[PromptSet, ...]:
        """What is asked where a target is thought to look like ``found``."""
        kinds = self.job.predictor.segmenter.card.prompts
        return questions_after(found.patch, self.job.rules, kinds, self.job.targets[name].text)

    def _advance(self, chain: Chain, index: int, patch: Patch, quality: float) -> bool:
        """Take or refuse a chain's next mask; returns whether it goes on."""
        target, leg = chain.target, chain.leg
        if not patch.area and chain.empty < self.follower.patience and index != leg.last:
            chain.empty += 1
            return True
        reason = self._reason(chain, patch, quality)
        if reason is not None:
            target.stops[leg.start, leg.step] = Stop(leg.start, leg.step, chain.reached, reason)
            return False
        found = Found(patch, quality, "chain")
        other = target.found.get(index)
        target.found[index] = found if other is None else fuse(found, other, abs(index - leg.start), _to_go(leg, index))
        chain.last, chain.reached, chain.empty = found, index, 0
        if index == leg.last:
            self._end(target, leg, index)
        return index != leg.last

    def _reason(self, chain: Chain, patch: Patch, quality: float) -> str | None:
        if chain.target.bounded and patch.area:
            return None
        return self.follower.reason(chain, patch, quality)

    def _end(self, target: Target, leg: Leg, reached: int) -> None:
        if leg.between:
            reason = f"reached the prompted slice {leg.last + leg.step}"
        elif leg.last in (0, self.job.predictor.view.count - 1):
            reason = "reached the end of the volume"
        else:
            reason = f"reached the bound given, slice {leg.last}"
        target.stops[leg.start, leg.step] = Stop(leg.start, leg.step, reached, reason)


def fuse(one: Found, other: Found, from_one: int, from_other: int) -> Found:
    """Two chains that meet: their probabilities, each weighted with the distance to the other's prompted slice.

    Args:
        one: of the chain that is here now.
        other: of the chain that came from the other side.
        from_one: slices between here and where ``one`` started.
        from_other: the same of ``other``.
    """
    weight = from_other / (from_one + from_other)
    probabilities = weight * _probabilities(one.patch) + (1 - weight) * _probabilities(other.patch)
    inside = np.clip(probabilities, 1e-7, 1 - 1e-7)
    quality = weight * one.quality + (1 - weight) * other.quality
    return Found(Patch.of(np.log(inside / (1 - inside)).astype(np.float32)), quality, "fused")


def _probabilities(patch: Patch) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return 1 / (1 + np.exp(-patch.logits().astype(np.float64)))


def _to_go(leg: Leg, index: int) -> int:
    """Slices between ``index`` and the prompted slice at the end of the way."""
    return abs(leg.last + leg.step - index)
