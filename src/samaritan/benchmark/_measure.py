"""What a run collects while it asks: the answers for one target under one prompt, slice by slice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from samaritan.benchmark._ask import Question
from samaritan.benchmark._masks import PackedMask, unite
from samaritan.benchmark._targets import Target
from samaritan.core import PromptSet
from samaritan.prompts import PromptStrategy, VolumeStrategy


@dataclass(eq=False)
class Measurement:
    """One target under one strategy in one repeat.

    Attributes:
        target: what is looked for.
        strategy: how it is asked for.
        repeat: number of the repeat, from 0.
        masks: slice -> answer.
        history: slice -> answer after each round; the last one is in ``masks``.
        qualities: the model's own estimates, one per slice.
        interactions: acts of a person.
        seconds: decoder's time.
        prompts: slice -> prompts of the last round, where a preview will show them.
    """

    target: Target
    strategy: PromptStrategy | VolumeStrategy
    repeat: int
    masks: dict[int, PackedMask] = field(default_factory=dict)
    history: dict[int, list[PackedMask]] = field(default_factory=dict)
    qualities: list[float] = field(default_factory=list)
    interactions: int = 0
    seconds: float = 0.0
    prompts: dict[int, list[PromptSet]] = field(default_factory=dict)

    def keep(self, index: int, question: Question, *, show: bool) -> None:
        """Take over the answer to a question about slice ``index``."""
        self.masks[index] = question.history[-1]
        if self.strategy.rounds > 1:
            self.history[index] = question.history
        self.interactions += question.interactions
        self.seconds += question.seconds
        if question.quality is not None:
            self.qualities.append(question.quality)
        if show:
            self.prompts[index] = question.prompts

    @property
    def quality(self) -> float | None:
        """The model's own estimate of the IoU, mean over the slices."""
        return sum(self.qualities) / len(self.qualities) if self.qualities else None

    @property
    def slices(self) -> int:
        """Number of slices that were prompted."""
        return len(self.target.prompted)

    @property
    def dice_by_round(self) -> list[float] | None:
        """Dice of the whole target after each round; a slice that needed fewer rounds keeps its last answer."""
        if self.strategy.rounds < 2:
            return None
        return [
            _dice([(after(answers, number), self.target.areas[k]) for k, answers in self.history.items()], self.target)
            for number in range(self.strategy.rounds)
        ]

    def united(self, whole: Target, parts: Sequence[Measurement], shown: int, shape: tuple[int, int]) -> Measurement:
        """The measurement of ``whole`` from those of its parts, of which this is one; see :meth:`Group.unite`."""
        rounds = self.strategy.rounds
        return Measurement(
            whole,
            self.strategy,
            self.repeat,
            masks={k: unite((part.masks[k] for part in parts if k in part.masks), shape) for k in whole.prompted},
            history={} if rounds < 2 else {k: _rounds(parts, k, shape) for k in whole.prompted},
            qualities=[quality for part in parts for quality in part.qualities],
            interactions=sum(part.interactions for part in parts),
            seconds=sum(part.seconds for part in parts),
            prompts={shown: [prompt for part in parts for prompt in part.prompts.get(shown, [])]},
        )


@dataclass(frozen=True, eq=False)
class Group:
    """What makes one "target" row: a label, or all objects of an instance-labelled case together.

    Attributes:
        whole: the label, or the union of the objects.
        parts: what is prompted: the label itself, or each object.
    """

    whole: Target
    parts: Sequence[Target]

    @property
    def shown(self) -> int:
        """The slice for the preview: where the reference is largest."""
        return max(self.whole.areas, key=lambda k: self.whole.areas[k].area)

    def unite(self, parts: Sequence[Measurement], shape: tuple[int, int]) -> Measurement:
        """The measurement of the whole from those of its parts (one strategy, one repeat); ``shape`` (x, y) of a slice."""
        if self.whole is parts[0].target:
            return parts[0]
        return parts[0].united(self.whole, parts, self.shown, shape)


def groups_of(targets: Iterable[Target], shape: tuple[int, int]) -> list[Group]:
    """Targets as they are reported, in their order; ``shape`` (x, y) of a slice."""
    groups: list[Group] = []
    objects: dict[str, list[Target]] = {}
    for target in targets:
        if target.instance is None:
            groups.append(Group(target, [target]))
        else:
            objects.setdefault(target.rater, []).append(target)
    return groups + [Group(_union(parts, shape), parts) for parts in objects.values()]


def after(answers: Sequence[PackedMask], number: int) -> PackedMask:
    """The answer after round ``number`` (from 0); a slice that needed fewer rounds keeps its last."""
    return answers[min(number, len(answers) - 1)]


def _rounds(parts: Sequence[Measurement], k: int, shape: tuple[int, int]) -> list[PackedMask]:
    """The union of all parts on slice ``k`` after each round."""
    here = [part.history[k] for part in parts if k in part.history]
    return [unite((after(answers, n) for answers in here), shape) for n in range(parts[0].strategy.rounds)]


def _dice(pairs: Iterable[tuple[PackedMask, PackedMask]], target: Target) -> float:
    """Dice of a target from (prediction, reference) of its prompted slices; the reference counts on all its slices."""
    shared = found = 0
    for pred, ref in pairs:
        shared += pred.overlap(ref)
        found += pred.area
    return 2 * shared / (found + target.voxels)


def _union(parts: Sequence[Target], shape: tuple[int, int]) -> Target:
    slices = sorted({k for part in parts for k in part.areas})
    return Target(
        name=parts[0].name,
        label=parts[0].label,
        instance=None,
        rater=parts[0].rater,
        areas={k: unite((part.areas[k] for part in parts if k in part.areas), shape) for k in slices},
        prompted=tuple(sorted({k for part in parts for k in part.prompted})),
        by_slice=parts[0].by_slice,
        sampled=any(part.sampled for part in parts) or parts[0].siblings > len(parts),
    )
