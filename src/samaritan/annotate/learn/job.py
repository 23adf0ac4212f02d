"""One training: split what was accepted, train, and score the model in use and the new one on the cases kept apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from samaritan.adapt import METHODS, read_adapter
from samaritan.annotate.learn.plan import PROMPTS, VARIANTS, Job
from samaritan.annotate.learn.score import score
from samaritan.annotate.learn.split import grow_split, read_split
from samaritan.core import InputError
from samaritan.datasets import near_duplicates, open_datasets
from samaritan.train import TrainConfig, fit

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
        alone: likewise, of the new one asked by name alone.
        better: on how many of the cases kept apart the new one is better.
        validation: how many there are.
        steps: optimiser steps.
        goes_on: whether training went on from the adapter in use.
    """

    adapter: str
    train: int
    before: float
    after: float
    alone: float
    better: int
    validation: int
    steps: int
    goes_on: bool

    @property
    def sentence(self) -> str:
        """What a person should know before keeping it."""
        cases = f"{self.validation} case{'s' * (self.validation != 1)} kept apart"
        said = (
            f"Dice {self.before:.2f} before, {self.after:.2f} after on {cases} (better on {self.better}), "
            f"trained on {self.train}; by name alone {self.alone:.2f}."
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
    tell({"state": "validating"})
    apart = split.part([dataset], "val")
    before = score(job, job.adapter, apart)
    after = score(job, str(trained.adapter), apart, alone=True)
    return Outcome(
        adapter=str(trained.adapter),
        train=len(split.part([dataset], "train")),
        before=_mean(before.boxed.values()),
        after=_mean(after.boxed.values()),
        alone=_mean(after.alone.values()),
        better=sum(after.boxed[case] > before.boxed[case] for case in before.boxed),
        validation=len(apart),
        steps=trained.steps,
        goes_on=config.start is not None,
    )


def _config(job: Job, split: Path) -> TrainConfig:
    method, settings = job.recipe
    return TrainConfig(
        data=(job.data,), split=str(split), model=job.model, weights=job.weights, method=method, settings=settings,
        start=_start(job), prompts=PROMPTS, minutes=job.minutes, steps=job.steps, seed=job.seed, batch=2, variants=VARIANTS,
        intensity=job.intensity, device=job.device, threads=job.threads, features=job.features, checkpoint_steps=10_000,
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
