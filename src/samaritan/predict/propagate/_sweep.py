"""Chains of all targets, slice by slice in lockstep: one pass up the volume, one pass down.

On every slice the questions of all targets go to the model together, on one embedding, so that the encoder runs once per
visited slice and pass however many targets there are. A slice that both passes visit (between prompted slices, or where one
target's chain goes up and another's down) is encoded once if the predictor still holds or has stored its embedding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from samaritan.core import PromptSet
from samaritan.models._base import Memory
from samaritan.predict._patch import Patch
from samaritan.predict.propagate._base import Found, Job, Leg, Stop, Target

Answers = dict[str, tuple[Patch, float]]


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
    """How a model is asked about the next slice."""

    patience: int

    def answer(
        self, index: int, asked: Mapping[str, tuple[Target, Sequence[PromptSet]]], chains: Mapping[str, Chain]
    ) -> Answers:
        """What the model says about all targets on slice ``index``: those a person asked about, and those with a chain."""
        ...


class Sweep:
    """Ask on changed slices and send chains along the ways that they touch.

    Args:
        job: what to do.
        follower: how the model is asked.
        ways: target -> the ways of its chains.
    """

    def __init__(self, job: Job, follower: Follower, ways: Mapping[str, Sequence[Leg]]) -> None:
        self.job = job
        self.follower = follower
        self.touched: dict[str, set[int]] = {}
        for name, target in job.targets.items():
            self.touched[name] = target.forget(list(ways.get(name, ()))) | job.changed[name]
        self._ways = ways
        self._done = 0
        self._planned = sum(len(self._plan(step)) for step in (1, -1))

    def run(self) -> dict[str, set[int]]:
        """Both passes; returns target -> slices that were computed again or lost their mask."""
        for step in (1, -1):
            self._pass(step)
        if self.job.progress is not None and self._planned:
            self.job.progress(self._planned, self._planned)
        return self.touched

    def _plan(self, step: int) -> list[int]:
        """Slices that a pass may visit, in its order; people's prompts are answered on the way up."""
        slices = {index for _, leg in self._along(step) for index in leg.slices}
        if step > 0:
            slices |= {index for places in self.job.changed.values() for index in places}
        return sorted(slices, reverse=step < 0)

    def _along(self, step: int) -> Iterator[tuple[str, Leg]]:
        return ((name, leg) for name, legs in self._ways.items() for leg in legs if leg.step == step)

    def _pass(self, step: int) -> None:
        waiting: dict[int, list[tuple[str, Leg]]] = {}
        for name, leg in self._along(step):
            waiting.setdefault(leg.start + step, []).append((name, leg))
        chains: dict[str, Chain] = {}
        for index in self._plan(step):
            for name, leg in waiting.pop(index, ()):
                self._open(name, leg, chains)
            self._visit(index, step, chains)
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

    def _visit(self, index: int, step: int, chains: dict[str, Chain]) -> None:
        asked = {}
        if step > 0:
            targets = self.job.targets.items()
            asked = {name: (t, t.prompts[index]) for name, t in targets if index in self.job.changed[name]}
        answers = self.follower.answer(index, asked, chains) if asked or chains else {}
        for name, (patch, quality) in answers.items():
            self.touched[name].add(index)
            if name in asked:
                asked[name][0].found[index] = Found(patch, quality, "prompt")
            elif not self._advance(chains[name], index, patch, quality):
                del chains[name]

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
        return self.job.rules.reason(patch, quality, chain.last.patch, chain.first.quality)

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
