"""A model with a memory: what it found on earlier slices tells it what to look for on the next one."""

from __future__ import annotations

from collections.abc import Mapping

from samaritan.core import MaskHint, PromptSet
from samaritan.models._base import Memory, Track
from samaritan.predict._ask import BATCH, patches
from samaritan.predict._patch import Patch
from samaritan.predict.propagate._base import Job, Leg
from samaritan.predict.propagate._sweep import Answers, Asked, Chain


class MemoryFollower:
    """Follows targets with the memories of the prompted slices at the ends of the chain's way, and of its last few slices.

    Prompted slices further away are left out, so that a correction changes nothing beyond its prompted neighbours.
    """

    prompts_first = True

    def __init__(self, job: Job) -> None:
        self._job = job
        self.patience = job.rules.patience
        self._edges = {name: target.edges() for name, target in job.targets.items()}
        for name, target in job.targets.items():
            for place in job.changed[name] | (target.memories.keys() - self._edges[name]):
                target.memories.pop(place, None)

    def answer(self, index: int, asked: Asked, chains: Mapping[str, Chain]) -> Answers:
        """See :class:`samaritan.predict.propagate._sweep.Follower`."""
        united = self._united(index, asked)
        tracks = {
            name: Track(prompt=PromptSet(mask=MaskHint(united[name][0].logits())) if name in united else prompts[0])
            for name, (_, prompts) in asked.items()
        }
        tracks |= {name: Track(_past(chain, index)) for name, chain in chains.items()}
        answers: Answers = {}
        for name, patch, quality, memory in self._follow(index, tracks):
            answers[name] = patch, united[name][1] if name in united else quality
            if not patch.area:
                continue
            if name in chains:
                self._remember(chains[name], index, memory)
            elif index in self._edges[name]:
                asked[name][0].memories[index] = memory
        return answers

    def reason(self, chain: Chain, patch: Patch, quality: float) -> str | None:  # noqa: ARG002 - the contract's
        """A model with a memory says itself where a target ends."""
        return None if patch.area else f"empty: the model found nothing on {chain.empty + 1} slices"

    def _follow(self, index: int, tracks: Mapping[str, Track]) -> list[tuple[str, Patch, float, Memory]]:
        found, names = [], list(tracks)
        for start in range(0, len(names), BATCH):
            batch = names[start : start + BATCH]
            for name, (prediction, memory) in zip(
                batch, self._job.predictor.follow(index, [tracks[name] for name in batch]), strict=True
            ):
                found.append((name, Patch.of(prediction.logits[0]), float(prediction.quality[0]), memory))
        return found

    def _united(self, index: int, asked: Asked) -> Answers:
        """Answers to targets with several prompts on a slice, united; their mask is then the prompt, which the model keeps."""
        several = {name: prompts for name, (_, prompts) in asked.items() if len(prompts) > 1}
        return patches(self._job.predictor, index, several, self._job.candidates)

    def _remember(self, chain: Chain, index: int, memory: Memory) -> None:
        chain.memories.append((index, memory))
        del chain.memories[: -self._job.rules.recent]


def _past(chain: Chain, index: int) -> tuple[tuple[int, Memory], ...]:
    """What a chain may look at on slice ``index``; the prompted slice that it has not reached yet is at a negative distance."""
    ends = [(place, chain.target.memories[place]) for place in _ends(chain.leg) if place in chain.target.memories]
    return tuple(((index - place) * chain.leg.step, memory) for place, memory in (*ends, *chain.memories))


def _ends(leg: Leg) -> list[int]:
    return [leg.start, leg.last + leg.step] if leg.between else [leg.start]
