"""One training: split what was accepted, train, and score the model in use and the new one on the cases kept apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from samaritan.adapt import METHODS, read_adapter
from samaritan.annotate.learn.plan import MOST_VALIDATED, VALIDATIONS, VARIANTS, Job
from samaritan.annotate.learn.proposer import FILE_NAME, Proposer
from samaritan.annotate.learn.score import score
from samaritan.annotate.learn.split import grow_split, read_split
from samaritan.annotate.learn.teach import look_at, targets
from samaritan.core import InputError
from samaritan.core.store import ArrayStore
from samaritan.datasets import Case, Dataset, Split, near_duplicates, open_datasets
from samaritan.loading import Loaded, load_segmenter
from samaritan.predict.cache import EmbeddingCache
from samaritan.train import TrainConfig, TrainResult, fit

#: Is told what happens: words of :class:`samaritan.annotate.messages.LearnState`, as a mapping.
Tell = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    Attributes:
        adapter: the file.
        train: cases that were trained on.
        before: mean Dice on the cases kept apart, asked with boxes, of the model in use.
        after: likewise, of the new one.
        alone: likewise, of the new one as it proposes by itself.
        better: on how many of the cases kept apart the new one is better.
        validation: how many there are.
        steps: optimiser steps.
    """

    adapter: str
    train: int
    before: float
    after: float
    alone: float
    better: int
    validation: int
    steps: int

    @property
    def sentence(self) -> str:
        """What a person should know before keeping it."""
        cases = f"{self.validation} case{'s' * (self.validation != 1)} kept apart"
        said = (
            f"Dice {self.before:.2f} before, {self.after:.2f} after on {cases} (better on {self.better}), "
            f"trained on {self.train}; its own proposals {self.alone:.2f}."
        )
        few = " So few cases are a hint, no proof." if self.validation < 6 else ""
        return said + few

    def facts(self) -> dict[str, Any]:
        """In plain values."""
        return asdict(self) | {"sentence": self.sentence}


def run(job: Job, tell: Tell) -> Outcome | None:
    """Do it; None where a person stopped the training.

    Raises:
        SamaritanError: as :func:`samaritan.train.fit`; cases of one patient only cannot be split.
    """
    (dataset,) = open_datasets([job.data])
    earlier = read_split(job.earlier_split) if job.earlier_split is not None else None
    split = grow_split(dataset, earlier, near_duplicates([dataset]))
    file = Path(job.out).with_name(f"{Path(job.out).name}.split.json")
    split.write(file)
    try:
        config = _config(job, file)
        trained = fit(config, Path(job.out), progress=_Told(tell, job.steps))
    finally:
        file.unlink(missing_ok=True)
    if trained.interrupted:
        return None
    return _compare(job, dataset, split, trained, tell)


def _compare(job: Job, dataset: Dataset, split: Split, trained: TrainResult, tell: Tell) -> Outcome:
    """Score both models on the cases kept apart; what proposes is then fitted to all accepted cases."""
    learned, apart = split.part([dataset], "train"), split.part([dataset], "val")
    labels = label_order(dataset.cases)
    cache = None if job.embeddings is None else EmbeddingCache(ArrayStore(Path(job.embeddings), what="embeddings"))
    each = _Counted(tell, len(learned) + 3 * len(apart))
    before = score(_loaded(job, job.adapter), apart, intensity=job.intensity, cache=cache, each=each)
    new = _loaded(job, str(trained.adapter))
    shown = look_at(new.segmenter, learned, labels, intensity=job.intensity, cache=cache, each=each)
    tried = Proposer.fit(labels, [one for pictures in shown.values() for one in pictures])
    after = score(new, apart, intensity=job.intensity, proposer=tried, cache=cache, each=each)
    shown |= look_at(new.segmenter, apart, labels, intensity=job.intensity, cache=cache, each=each)
    proposer = Proposer.fit(labels, [one for case in dataset.cases for one in shown[case.case_id]])
    proposer.write(trained.adapter.parent / FILE_NAME)
    return Outcome(
        adapter=str(trained.adapter),
        train=len(learned),
        before=_mean(before.boxed.values()),
        after=_mean(after.boxed.values()),
        alone=_mean(after.alone.values()),
        better=sum(after.boxed[case] > before.boxed[case] for case in before.boxed),
        validation=len(before.boxed),
        steps=trained.steps,
    )


def label_order(cases: Sequence[Case]) -> list[str]:
    """Names of all targets, in the order in which the cases show them."""
    return list(dict.fromkeys(name for case in cases for name, _ in targets(case)))


def _loaded(job: Job, adapter: str | None) -> Loaded:
    path = None if adapter is None else Path(adapter)
    return load_segmenter(job.model, path, weights=job.weights, device=job.device)


def _config(job: Job, split: Path) -> TrainConfig:
    method, settings = job.recipe
    return TrainConfig(
        data=(job.data,), split=str(split), model=job.model, weights=job.weights, method=method, settings=settings,
        start=_start(job), prompts=job.prompts, minutes=job.minutes, steps=job.steps, seed=job.seed, batch=2, variants=VARIANTS,
        intensity=job.intensity, device=job.device, threads=job.threads, features=job.features, validations=VALIDATIONS,
        max_validation=MOST_VALIDATED, checkpoint_steps=10_000,
    )  # fmt: skip


def _start(job: Job) -> str | None:
    """The adapter in use, where it is of the kind that is trained; another one cannot be gone on from."""
    if job.adapter is None:
        return None
    header, (method, settings) = read_adapter(job.adapter).header, job.recipe
    full = METHODS.get(method).config.parse(settings, method).model_dump(mode="json")
    return job.adapter if (header.method, header.settings, header.base) == (method, full, job.model) else None


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    if not found:
        raise InputError("No case could be kept apart; accept one more.")
    return float(np.mean(found))


class _Counted:
    """Tells how far the comparison is, each time that it is called.

    Args:
        tell: is told.
        steps: how often it will be called at most.
    """

    def __init__(self, tell: Tell, steps: int) -> None:
        self._tell, self._steps, self._step = tell, steps, -1
        self()

    def __call__(self) -> None:
        """One more is done."""
        self._step += 1
        self._tell({"state": "validating", "step": self._step, "steps": self._steps, "seconds_left": None})


@dataclass(eq=False)
class _Told:
    """The training's reporter."""

    tell: Tell
    steps: int | None

    def note(self, sentence: str) -> None:
        """Not for the page."""

    def step(self, number: int, done: float, loss: float, dice: float | None, minutes_left: float | None) -> None:  # noqa: ARG002
        """See :class:`samaritan.train.Reporter`."""
        ahead = self.steps or (round(number / done) if done > 0 else 0)
        left = None if minutes_left is None else 60 * minutes_left
        self.tell({"state": "training", "step": number, "steps": ahead, "seconds_left": left})
