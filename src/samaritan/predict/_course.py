"""A whole volume from prompts on some of its slices: run a session, and tell how the masks came about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from samaritan.core import PromptSet
from samaritan.predict._ask import Candidates
from samaritan.predict._collector import Answer, Collector
from samaritan.predict._strands import Strand
from samaritan.predict.propagate import Origin, Stop
from samaritan.predict.session import VolumeSession
from samaritan.predict.volume import VolumePredictor

#: slice -> target -> prompts at (x, y, 0) of the slice's picture
Work = dict[int, dict[str, tuple[PromptSet, ...]]]


@dataclass(frozen=True)
class Course:
    """How the masks of each target came about.

    Attributes:
        strategy: name of the strategy of propagation.
        origins: target -> slice -> prompt, chain, fused, shape or refined; of a target with several strands the first one's.
        stops: target -> where each of its chains ended, and why.
        visited: target -> how many slices it was looked for on.
        bounds: target -> first and last slice beyond which a person said that it does not go, where one did.
    """

    strategy: str
    origins: Mapping[str, Mapping[int, Origin]]
    stops: Mapping[str, Sequence[Stop]]
    visited: Mapping[str, int]
    bounds: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def prompted(self, target: str) -> list[int]:
        """Slices that a person said something about."""
        return [index for index, origin in self.origins[target].items() if origin == "prompt"]


def go(
    predictor: VolumePredictor,
    *,
    strands: Sequence[Strand],
    propagation: str,
    candidates: Candidates,
    collector: Collector,
    progress: Callable[[int, int], None] | None,
) -> tuple[Work, Course, list[str]]:
    """Ask for all strands at once; fills ``collector``.

    Returns:
        All prompts as they were asked, how the masks came about, and sentences to pass on.

    Raises:
        PromptError: prompts that contradict each other.
        UsageError: the model cannot do it.
    """
    session = VolumeSession(predictor, propagation, candidates=candidates)
    named = {f"{strand.target}\n{number}": strand for number, strand in enumerate(strands)}
    bounds = {name: strand.bounds for name, strand in named.items() if strand.bounds is not None}
    visited = session.ask_all({n: s.prompts for n, s in named.items()}, bounds=bounds, progress=progress)
    corrected = {name: strand.corrections for name, strand in named.items() if strand.corrections}
    if corrected:
        again = session.ask_all(corrected, progress=progress)
        visited = {name: slices | again.get(name, set()) for name, slices in visited.items()}
    _collect(session, named, collector)
    return _work(session, named), _course(session, named, visited), list(_warnings(session, named))


def _collect(session: VolumeSession, named: Mapping[str, Strand], collector: Collector) -> None:
    found = {name: session.found(name) for name in named}
    for index in sorted({index for slices in found.values() for index in slices}):
        here = ((named[name].target, slices[index]) for name, slices in found.items() if index in slices)
        collector.add(index, (Answer(target, one.patch.logits(), one.quality) for target, one in here))


def _work(session: VolumeSession, named: Mapping[str, Strand]) -> Work:
    work: Work = {}
    for name, strand in named.items():
        for index, prompts in session.prompts(name).items():
            here = work.setdefault(index, {})
            here[strand.target] = (*here.get(strand.target, ()), *prompts)
    return work


def _course(session: VolumeSession, named: Mapping[str, Strand], visited: Mapping[str, set[int]]) -> Course:
    origins: dict[str, dict[int, Origin]] = {}
    stops: dict[str, list[Stop]] = {}
    slices: dict[str, set[int]] = {}
    for name, strand in named.items():
        here = origins.setdefault(strand.target, {})
        for index, found in session.found(name).items():
            here.setdefault(index, found.origin)
        stops.setdefault(strand.target, []).extend(session.stops(name))
        slices.setdefault(strand.target, set()).update(visited[name])
    ordered = {target: dict(sorted(here.items())) for target, here in origins.items()}
    seen = {target: len(visited_here) for target, visited_here in slices.items()}
    return Course(session.strategy.name, ordered, stops, seen, _bounds(named.values()))


def _bounds(strands: Iterable[Strand]) -> dict[str, tuple[int, int]]:
    """Target -> the stretch that holds all its strands, where each of them has bounds."""
    found: dict[str, list[tuple[int, int] | None]] = {}
    for strand in strands:
        found.setdefault(strand.target, []).append(strand.bounds)
    whole = {target: [each for each in several if each is not None] for target, several in found.items()}
    return {
        target: (min(first for first, _ in each), max(last for _, last in each))
        for target, each in whole.items()
        if len(each) == len(found[target])
    }


def _warnings(session: VolumeSession, named: Mapping[str, Strand]) -> Iterator[str]:
    """What a person should check."""
    for name, strand in named.items():
        shapes = [index for index, found in session.found(name).items() if found.origin == "shape"]
        if shapes and session.strategy.name != "interpolate":
            yield (
                f"Target {strand.target!r} was lost between prompted slices; on {len(shapes)} slices from {shapes[0]} to "
                f"{shapes[-1]} its mask is interpolated from the shapes on both sides."
            )
