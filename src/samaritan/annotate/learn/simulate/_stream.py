"""One stream of cases under one condition."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from samaritan.annotate.engine.answers import answer_slice
from samaritan.annotate.engine.requests import CaseQuestion, SliceQuestion
from samaritan.annotate.learn.answer import answer_case
from samaritan.annotate.learn.job import Outcome, run
from samaritan.annotate.learn.order import by_uncertainty
from samaritan.annotate.learn.person import Labelled
from samaritan.annotate.learn.plan import Job
from samaritan.annotate.learn.proposer import Proposer
from samaritan.annotate.learn.simulate._cases import Accepted, Mask, Subject
from samaritan.annotate.learn.simulate._config import Condition, SimulationConfig
from samaritan.benchmark._seeds import generator
from samaritan.core import InputError, PromptSet
from samaritan.loading import load_segmenter
from samaritan.predict.cache import EmbeddingCache
from samaritan.predict.volume import VolumePredictor

#: A new model is kept where its Dice, asked with boxes, is lower by no more than this: it proposes as well, and on the few
#: cases kept apart nobody could tell the difference.
TOLERATED = 0.01


@dataclass(frozen=True)
class Row:
    """One object.

    Attributes:
        dataset: name.
        condition: its label.
        case: id.
        patient: id.
        position: of the case in the stream, from 0.
        trainings: that the model has behind it.
        target: label.
        interactions: of the person.
        proposed: Dice of the proposal; None where there was none.
        corrected: whether the proposal was corrected, instead of being thrown away.
        dice: in the end, before anything is drawn by hand.
        by_hand: whether it stayed below the goal.
        uncertainty: of the case; None where unknown.
        seconds: of the model, for answers to the person.
        course: Dice at the beginning and after each interaction.
    """

    dataset: str
    condition: str
    case: str
    patient: str
    position: int
    trainings: int
    target: str
    interactions: int
    proposed: float | None
    corrected: bool
    dice: float
    by_hand: bool
    uncertainty: float | None
    seconds: float
    course: tuple[float, ...]


@dataclass(frozen=True)
class Training:
    """One training in a stream.

    Attributes:
        dataset: name.
        condition: its label.
        accepted: cases that it learned from or was scored on.
        before: Dice on the cases kept apart, asked with boxes, of the model in use.
        after: of the new one.
        alone: of the new one, by name alone.
        validation: cases kept apart.
        kept: whether the new one took the other's place.
        seconds: of the training, scoring included.
        proposing: seconds of asking about all waiting cases afterwards.
    """

    dataset: str
    condition: str
    accepted: int
    before: float
    after: float
    alone: float
    validation: int
    kept: bool
    seconds: float
    proposing: float


@dataclass(eq=False)
class Shared:
    """What all streams of a data set have in common, computed once: nothing of it depends on the condition.

    Attributes:
        cache: of embeddings.
        features: folder of stored features of trainings.
        plain: (case, label) -> work on an object with the model as it is, and no proposal.
        first: accepted cases, in order -> the training from the model as it is, and its seconds.
    """

    cache: EmbeddingCache
    features: Path
    plain: dict[tuple[str, str], Labelled] = field(default_factory=dict)
    first: dict[tuple[str, ...], tuple[Outcome, float]] = field(default_factory=dict)


@dataclass(eq=False)
class Stream:
    """Labels all cases, one after the other.

    Attributes:
        config: of the simulation.
        condition: of this stream.
        subjects: the cases, by name.
        work: folder for what is accepted and trained.
        shared: with the other streams of the data set.
        say: is told what happens.
        trainings: so far.
    """

    config: SimulationConfig
    condition: Condition
    subjects: Sequence[Subject]
    work: Path
    shared: Shared
    say: Callable[[str], None]
    trainings: list[Training] = field(default_factory=list)
    _adapter: str | None = None
    _proposals: dict[str, dict[str, Mask]] = field(default_factory=dict)
    _uncertain: dict[str, float | None] = field(default_factory=dict)

    def run(self) -> Iterator[Row]:
        """All objects of all cases, in the order in which they are labelled."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.accepted = Accepted(self.work / "dataset", self.subjects)
        self._load()
        waiting = {subject.case.case_id: subject for subject in self.subjects}
        for position in range(len(self.subjects)):
            order = list(waiting)
            if self.condition.order == "uncertainty":
                order = by_uncertainty(order, self._uncertain)
            yield from self._label(waiting.pop(order[0]), position)
            if self._due(position + 1) and waiting:
                self._learn(position + 1, list(waiting.values()))

    def _load(self) -> None:
        config, adapter = self.config, None if self._adapter is None else Path(self._adapter)
        self._proposer = Proposer.beside(adapter)
        self._loaded = load_segmenter(config.model, adapter, weights=config.weights, device=config.device)

    def _predictor(self, subject: Subject) -> VolumePredictor:
        case = subject.case
        return VolumePredictor(
            self._loaded.segmenter,
            subject.volume,
            modality=case.modality,
            intensity=case.intensity,
            cache=self.shared.cache,
        )

    def _label(self, subject: Subject, position: int) -> Iterator[Row]:
        case, predictor = subject.case, self._predictor(subject)
        predictor.embed(0)  # the page has the next case encoded before it is opened
        proposals = self._proposals.get(case.case_id, {})
        masks, several = {}, self.config.first == "click"  # a box has one answer, see answer_slice
        for name, ref in subject.targets.items():
            question = SliceQuestion(subject.ref, predictor.view.plane, 0, PromptSet(text=name), several=several)
            found = self._work(predictor, question, ref, proposals.get(name))
            done = found.course[-1] >= self.config.goal
            masks[name] = found.mask if done else ref
            yield self._row(subject, position, name, found, done=done)
        self.accepted.add(subject, masks)

    def _work(self, predictor: VolumePredictor, question: SliceQuestion, ref: Mask, proposal: Mask | None) -> Labelled:
        """Of the person on one object; what does not depend on the condition is not done twice."""
        case, name = question.image.key, str(question.prompts.text)
        plain = self.shared.plain if self._adapter is None else {}
        if (case, name) not in plain:
            rng = generator(self.config.seed, case, name)
            plain[case, name] = self.config.person.label(partial(answer_slice, predictor), question, ref, rng, proposal)
        return plain[case, name]

    def _row(self, subject: Subject, position: int, name: str, found: Labelled, *, done: bool) -> Row:
        case = subject.case
        return Row(
            dataset=case.dataset, condition=self.condition.label, case=case.case_id, patient=case.patient_id,
            position=position, trainings=len(self.trainings), target=name, interactions=found.interactions,
            proposed=found.proposed, corrected=found.corrected, dice=found.course[-1], by_hand=not done,
            uncertainty=self._uncertain.get(case.case_id), seconds=found.seconds,
            course=tuple(round(value, 4) for value in found.course),
        )  # fmt: skip

    def _due(self, accepted: int) -> bool:
        config = self.config
        few = config.rounds is None or len(self.trainings) < config.rounds
        return self.condition.learning and few and accepted % config.every == 0

    def _learn(self, accepted: int, waiting: Sequence[Subject]) -> None:
        trained = self._trained()
        if trained is None:
            return
        (outcome, seconds), asked = trained, time.perf_counter()
        kept = outcome.after >= outcome.before - TOLERATED
        if kept:
            self._adapter = outcome.adapter
            self._load()
            self._propose(waiting)
        training = Training(
            dataset=self.subjects[0].case.dataset, condition=self.condition.label, accepted=accepted,
            before=outcome.before, after=outcome.after, alone=outcome.alone, validation=outcome.validation, kept=kept,
            seconds=seconds, proposing=time.perf_counter() - asked,
        )  # fmt: skip
        self.trainings.append(training)
        self.say(f"{accepted} accepted: {outcome.sentence} {'Kept.' if kept else 'Discarded.'}")

    def _trained(self) -> tuple[Outcome, float] | None:
        """A training, and its seconds; None where too few patients were accepted for one.

        Raises:
            KeyboardInterrupt: a person stopped it.
        """
        config, accepted = self.config, tuple(self.accepted.cases)
        known = self.shared.first if self._adapter is None and not self.trainings else {}
        if accepted in known:
            return known[accepted]
        job = Job(
            data=str(self.accepted.folder), out=str(self.work / f"{len(accepted):03d}"), model=config.model,
            weights=config.weights, adapter=self._adapter, method=config.method, steps=config.steps, seed=config.seed,
            threads=config.threads, device=config.device, features=str(self.shared.features),
            embeddings=str(self.shared.cache.store.folder),
        )  # fmt: skip
        started = time.perf_counter()
        try:
            outcome = run(job, _unheard)
        except InputError as error:
            self.say(str(error))
            return None
        if outcome is None:
            raise KeyboardInterrupt
        known[accepted] = outcome, time.perf_counter() - started
        return known[accepted]

    def _propose(self, waiting: Sequence[Subject]) -> None:
        for subject in waiting:
            question = CaseQuestion(subject.ref, tuple(subject.targets), self.config.repeats)
            loaded = self._loaded
            answer = answer_case(
                self._predictor(subject), question, loaded.about, proposer=self._proposer, adaptation=loaded.adaptation
            )
            case = subject.case.case_id
            self._proposals[case] = {
                n: subject.view.slice(mask, 0).copy() for n, mask in answer.masks.items() if mask.any()
            }
            self._uncertain[case] = answer.uncertainty


def _unheard(words: dict[str, Any]) -> None:
    """The course of a training is of no interest here."""
