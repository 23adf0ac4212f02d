"""Asking a model about whole volumes: all targets of a case at once, a few slices prompted, the others found by propagation."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from samaritan.benchmark._visits import Visits
from samaritan.benchmark._volume import Cost, Followed, as_solid
from samaritan.core import PromptSet
from samaritan.predict import VolumePredictor, VolumeSession

Asked = dict[str, dict[int, PromptSet]]


@dataclass(eq=False)
class Follower:
    """Runs the prompts about volumes of one case under one model, each in a session of its own.

    Attributes:
        make: a new predictor on the case's image, which keeps embeddings in the cache that it is given.
        visits: that cache, shared by all prompts of the case.
        propagation: how a target is found on slices where nobody was asked about it.
        encode_calls: how often the encoder ran.
        encode_seconds: how long it ran.
    """

    make: Callable[[Visits], VolumePredictor]
    visits: Visits
    propagation: str
    encode_calls: int = 0
    encode_seconds: float = 0.0

    def follow(
        self,
        members: Sequence[Followed],
        draw: Callable[[Followed], np.random.Generator],
        tell: Callable[[float], None],
    ) -> None:
        """Ask for all of ``members``, targets of one strategy and repeat, and put the answers into them.

        Args:
            members: updated in place.
            draw: the random stream of each.
            tell: called with the share (0..1) of the work that is done.
        """
        self.visits.begin()
        predictor = self.make(self.visits)
        run = _Run(
            VolumeSession(predictor, self.propagation), {f"{n} {m.target.name}": m for n, m in enumerate(members)}
        )
        streams = {name: draw(member) for name, member in run.members.items()}
        strategy = members[0].strategy
        asked = {
            name: strategy.first(as_solid(member.target.promptable, predictor.view), streams[name])
            for name, member in run.members.items()
        }
        for number in range(strategy.rounds):
            run.ask(asked, partial(_share, tell, number, strategy.rounds))
            if number + 1 < strategy.rounds:
                asked = {name: run.correct(name, streams[name]) for name, prompts in asked.items() if prompts}
        self._account(predictor, run)

    def _account(self, predictor: VolumePredictor, run: _Run) -> None:
        """Tell every target what the session has cost, and let go of its masks."""
        self.encode_calls += predictor.encode_calls
        self.encode_seconds += predictor.encode_seconds
        calls = self.visits.calls or predictor.encode_calls  # some models' embeddings must not be kept
        cost = Cost(calls, max(run.seconds - predictor.encode_seconds - self.visits.seconds, 0.0))
        for member in run.members.values():
            member.cost = cost
            member.seconds = cost.seconds / len(run.members)


@dataclass(eq=False)
class _Run:
    """One session, and the targets in it by their names there."""

    session: VolumeSession
    members: Mapping[str, Followed]
    seconds: float = 0.0

    def ask(self, asked: Asked, progress: Callable[[int, int], None]) -> None:
        """One round: all targets that somebody has something to say about, together."""
        said = {name: self.members[name].named(prompts) for name, prompts in asked.items() if prompts}
        started = time.perf_counter()
        if said:
            self.session.ask_all(said, bounds=self._bounds(said), progress=progress)
        self.seconds += time.perf_counter() - started
        for name, prompts in said.items():
            self.members[name].take(self.session, name, prompts)

    def correct(self, name: str, rng: np.random.Generator) -> dict[int, PromptSet]:
        """What a person says after seeing the present answer."""
        member, view = self.members[name], self.session.predictor.view
        return member.strategy.correct(as_solid(member.target.areas, view), as_solid(member.masks, view), rng)

    def _bounds(self, said: Asked) -> dict[str, tuple[int, int]] | None:
        """The first and the last slice of each target, where the strategy's person knows them."""
        if not next(iter(self.members.values())).strategy.bounded:
            return None
        return {name: (min(prompts), max(prompts)) for name, prompts in said.items()}


def _share(tell: Callable[[float], None], number: int, rounds: int, done: int, planned: int) -> None:
    tell((number + done / max(planned, 1)) / rounds)


@dataclass(eq=False)
class Steps:
    """Tells a bar that counts slices of work that is done by shares."""

    planned: int
    step: Callable[[], None]
    done: int = 0

    def tell(self, share: float) -> None:
        """So much (0..1) is done."""
        while self.done < int(share * self.planned + 1e-9):
            self.done += 1
            self.step()
