"""One case under one model: from the image and its references to rows and previews."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from samaritan.benchmark._ask import Question, ask
from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._follow import Follower, Steps
from samaritan.benchmark._measure import Group, Measurement
from samaritan.benchmark._preview import png, preview
from samaritan.benchmark._row import NO_VOLUME, UNADAPTED, Row, with_more
from samaritan.benchmark._score import score
from samaritan.benchmark._seeds import generator
from samaritan.benchmark._targets import Target
from samaritan.benchmark._volume import Followed
from samaritan.core.profile import part
from samaritan.datasets._base import REFERENCE, Case
from samaritan.predict.volume import VolumePredictor
from samaritan.prompts import PromptStrategy, VolumeStrategy

#: What the field ``target`` says when a case failed as a whole.
EVERY_TARGET = "*"


#: The measurements that end in one "target" row: those of the group's parts under one strategy in one repeat.
Bundle = tuple[Group, list[Measurement]]


@dataclass(frozen=True)
class Work:
    """What is asked of one case, whichever the model.

    Attributes:
        case: the case.
        groups: what has to be found.
        strategies: how it is asked for.
        config: the run's settings.
    """

    case: Case
    groups: Sequence[Group]
    strategies: Sequence[PromptStrategy | VolumeStrategy]
    config: RunConfig

    @property
    def slices(self) -> list[int]:
        """Slices on which a target is, ascending."""
        return sorted({k for group in self.groups for k in group.whole.prompted})

    @property
    def steps(self) -> int:
        """How much work it is, in slices: once for all prompts about pictures, and once for each about volumes."""
        return len(self.slices) * (self.passes + any(not isinstance(s, VolumeStrategy) for s in self.strategies))

    @property
    def passes(self) -> int:
        """How often volumes are asked about."""
        return self.config.repeats * sum(isinstance(strategy, VolumeStrategy) for strategy in self.strategies)


@dataclass(frozen=True)
class Outcome:
    """What one case under one model brought.

    Attributes:
        rows: in a stable order.
        previews: lines of previews.jsonl, one for each "target" row of repeat 0.
        pictures: path in the run folder -> PNG, of the slices that the previews show.
        encode_calls: how often the encoder ran.
        warnings: what was odd about the image, in sentences.
    """

    rows: list[Row]
    previews: list[dict[str, Any]] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    encode_calls: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """True when any row has no scores."""
        return any(row["status"] != "ok" for row in self.rows)


@dataclass(frozen=True, eq=False)
class Answered:
    """A case to which a model has given all its answers.

    Attributes:
        work: what was asked.
        predictor: the model on the case's image.
        bundles: the answers.
        adaptation: name of the model's adaptation.
        follower: what asked about volumes, where something did.
    """

    work: Work
    predictor: VolumePredictor
    bundles: Sequence[Bundle]
    adaptation: str
    follower: Follower | None = None

    def outcome(self) -> Outcome:
        """Score and describe the answers, which takes no model."""
        predictor, view = self.predictor, self.predictor.view
        result = Outcome([])
        for group, parts in self.bundles:
            whole = group.unite(parts, view.shape)
            result.rows.append(self._row(whole))
            if whole.repeat == 0 and not predictor.volume.meta.get("burned_in"):  # the picture may show a name
                shown = whole.worst if isinstance(whole, Followed) else group.shown
                result.previews.append(preview(result.rows[-1], whole, shown, view))
                name = result.previews[-1]["picture"]
                if name not in result.pictures:
                    result.pictures[name] = png(predictor.picture(shown))
            result.rows.extend(self._row(part) for part in parts if part is not whole)
        of_file = predictor.volume.meta.get("warnings", ())
        warnings = tuple(dict.fromkeys((*of_file, *predictor.warnings)))
        return replace(result, encode_calls=self.encoded[0], warnings=warnings)

    @property
    def encoded(self) -> tuple[int, float]:
        """How often the encoder ran, and how many seconds."""
        asked = [one for one in (self.predictor, self.follower) if one is not None]
        return sum(one.encode_calls for one in asked), sum(one.encode_seconds for one in asked)

    def _row(self, measurement: Measurement) -> Row:
        return _row(self, measurement)


def answer(
    work: Work,
    predictor: VolumePredictor,
    step: Callable[[], None],
    adaptation: str = UNADAPTED,
    follower: Follower | None = None,
) -> Answered:
    """Ask everything; for prompts about pictures every slice is encoded once.

    Args:
        work: case, targets, prompts.
        predictor: the model on the case's image.
        step: called after each slice.
        adaptation: name of the model's adaptation.
        follower: asks about volumes; needed where a strategy does.
    """
    bundles: list[Bundle] = [
        (group, [_measurement(part, strategy, repeat) for part in group.parts])
        for group in work.groups
        for strategy in work.strategies
        for repeat in range(work.config.repeats)
    ]
    flat = [(group, m) for group, bundle in bundles for m in bundle if not isinstance(m, Followed)]
    for k in work.slices if flat else ():
        here = [(group, m) for group, m in flat if k in m.target.prompted]
        questions = [_question(work, predictor, m, k) for _, m in here]
        ask(predictor, k, questions)
        for (group, measurement), question in zip(here, questions, strict=True):
            measurement.keep(k, question, show=measurement.repeat == 0 and k == group.shown)
        step()
    if follower is not None:
        _follow(work, follower, [m for _, bundle in bundles for m in bundle if isinstance(m, Followed)], step)
    return Answered(work, predictor, bundles, adaptation, follower)


def _measurement(target: Target, strategy: PromptStrategy | VolumeStrategy, repeat: int) -> Measurement:
    if isinstance(strategy, VolumeStrategy):
        return Followed(target, strategy, repeat)
    return Measurement(target, strategy, repeat)


def _follow(work: Work, follower: Follower, asked: Sequence[Followed], step: Callable[[], None]) -> None:
    """One session for each strategy and repeat, with all targets in it."""
    passes: dict[tuple[str, int], list[Followed]] = {}
    for one in asked:
        passes.setdefault((one.strategy.name, one.repeat), []).append(one)
    for members in passes.values():
        steps = Steps(len(work.slices), step)
        follower.follow(members, partial(_stream, work), steps.tell)
        steps.tell(1.0)


def failed_rows(
    case: Case,
    model: str,
    strategies: Sequence[PromptStrategy | VolumeStrategy],
    error: str,
    adaptation: str = UNADAPTED,
) -> list[Row]:
    """One row per prompt that says why the case has no scores."""
    rows = [
        Row(
            dataset=case.dataset, case_id=case.case_id, patient_id=case.patient_id, modality=case.modality,
            target=EVERY_TARGET, label=0, level="target", instance=None, rater=REFERENCE, model=model,
            adaptation=adaptation, prompt=strategy.name, repeat=0, candidates=strategy.candidates, interactions=0,
            dice=None, iou=None, nsd=None, hd95_mm=None, assd_mm=None, volume_difference=None, dice_by_round=None,
            unit="px", spacing=[], voxels=0, slices=0, sampled=False, quality=None, intensity="", plane="",
            framing="", status="failed", error=error, seconds=0.0, encode_seconds=0.0, encode_calls=0,
        )
        for strategy in strategies
    ]  # fmt: skip
    return [with_more(row, NO_VOLUME, {}) for row in rows]


def _stream(work: Work, measurement: Measurement, *place: int) -> np.random.Generator:
    """The measurement's random numbers, on a slice where there is one.

    The model is left out on purpose: all models get the same prompts, so that their rows can be compared in pairs.
    """
    target, case = measurement.target, work.case
    return generator(
        work.config.seed, case.dataset, case.case_id, target.label, target.instance, target.rater,
        measurement.strategy.name, measurement.repeat, *place,
    )  # fmt: skip


def _question(work: Work, predictor: VolumePredictor, measurement: Measurement, k: int) -> Question:
    target, strategy = measurement.target, measurement.strategy
    if isinstance(strategy, VolumeStrategy):
        raise TypeError(f"{strategy.name} asks about volumes.")
    return Question(strategy, target.areas[k].unpack(predictor.view.shape), _stream(work, measurement, k), target.name)


def _row(answered: Answered, measurement: Measurement) -> Row:
    work, predictor = answered.work, answered.predictor
    case, target, strategy, view = work.case, measurement.target, measurement.strategy, predictor.view
    calls, encode_seconds = answered.encoded
    started = time.thread_time()  # scoring runs beside the model, whose time is not its own
    volume = NO_VOLUME
    with part("score"):
        scores = score(
            pred=measurement.masks,
            ref=target.areas,
            view=view,
            by_slice=target.by_slice,
            nsd_tolerance=work.config.nsd_tolerance,
        )
        if isinstance(measurement, Followed):
            volume = measurement.scores(
                view,
                nsd_tolerance=work.config.nsd_tolerance,
                propagation=work.config.propagate,
                encode_seconds=encode_seconds / max(calls, 1),
            )
    spent = time.thread_time() - started
    row = Row(
        dataset=case.dataset, case_id=case.case_id, patient_id=case.patient_id,
        modality=case.modality or predictor.volume.modality,
        target=target.name, label=target.label, level="target" if target.instance is None else "instance",
        instance=target.instance, rater=target.rater, model=predictor.segmenter.name, adaptation=answered.adaptation,
        prompt=strategy.name, repeat=measurement.repeat, candidates=strategy.candidates,
        interactions=measurement.interactions,
        dice=scores["dice"], iou=scores["iou"], nsd=scores["nsd"], hd95_mm=scores["hd95_mm"],
        assd_mm=scores["assd_mm"], volume_difference=scores["volume_difference"],
        dice_by_round=measurement.dice_by_round,
        unit=view.geometry.unit, spacing=list(view.geometry.spacing), voxels=target.voxels,
        slices=measurement.slices, sampled=target.sampled, quality=measurement.quality,
        intensity=predictor.scaling.policy, plane=view.plane, framing=predictor.framing.name,
        status="ok", error=None, seconds=measurement.seconds + spent, encode_seconds=encode_seconds,
        encode_calls=calls,
    )  # fmt: skip
    return with_more(row, volume, scores)
