"""What a bake-off is, and the arms that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field, model_validator

from samaritan.bakeoff._spec import MethodSpec
from samaritan.core import Config
from samaritan.train import TrainConfig

#: The arm that is the model as it is.
BASE = "base"

#: Settings that may grow when a bake-off is started again: arms that are there stay as they are.
GROWING = ("methods", "seeds", "few")


class ScoreConfig(Config):
    """How the test part is asked and scored; the same for every arm.

    Attributes:
        prompts: texts that make prompt strategies.
        max_slices: at most so many slices of each target of a volume, evenly spaced; None takes all.
        max_instances: at most so many objects of an instance-labelled picture, a seeded sample.
        samples: answers that a stochastic method gives to one question, where several raters drew the test cases.
        seed: of the prompts.
    """

    prompts: tuple[str, ...] = Field(default=("box",), min_length=1)
    max_slices: int | None = Field(default=None, ge=1)
    max_instances: int | None = Field(default=100, ge=1)
    samples: int = Field(default=16, ge=2)
    seed: int = Field(default=0, ge=0)


class ArmConfig(Config):
    """One arm: what is trained, and how it is measured.

    Attributes:
        label: of its row in the tables.
        train: the training run; of the base only data, model and split count.
        score: how it is measured.
        adapt: False for the base, which is measured only.
        base: a run folder that holds the base's scores on the same test part; None measures the base here too.
    """

    label: str
    train: TrainConfig
    score: ScoreConfig = Field(default_factory=ScoreConfig)
    adapt: bool = True
    base: str | None = None


class BakeoffConfig(Config):
    """The settings of a bake-off; written resolved into its folder, where a rerun must bring the same ones.

    Attributes:
        methods: ``name`` or ``name:key=value,...``, each a row of the table.
        train: what all arms share; method, settings, seed, train_cases and split are each arm's own.
        score: how all arms are measured.
        seeds: every method is trained once with each.
        few: numbers of training patients for the few-shot curve, beside all of them.
    """

    methods: tuple[str, ...] = Field(min_length=1)
    train: TrainConfig
    score: ScoreConfig = Field(default_factory=ScoreConfig)
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    few: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> Self:
        for name in GROWING:
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} has something twice: {', '.join(map(str, values))}")
        if any(number < 1 for number in self.few):
            raise ValueError("few counts training patients, so its numbers are at least 1")
        if any(seed < 0 for seed in self.seeds):
            raise ValueError("a seed is 0 or more")
        return self

    def differences(self, other: BakeoffConfig) -> list[str]:
        """Names of the settings in which ``other`` differs, ``train.batch``; without those that may grow."""
        return _differences(self.model_dump(mode="json"), other.model_dump(mode="json"))


@dataclass(frozen=True)
class Arm:
    """A line of the plan.

    Attributes:
        folder: its name in the bake-off's folder.
        label: of its row: the method as given, or :data:`BASE`.
        spec: the method; None for the base.
        seed: of its training.
        few: number of training patients; None for all.
    """

    folder: str
    label: str
    spec: MethodSpec | None = None
    seed: int = 0
    few: int | None = None

    def config(self, config: BakeoffConfig, split: str, base: str) -> ArmConfig:
        """The settings of this arm.

        Args:
            config: of the bake-off.
            split: file of the shared split.
            base: run folder of the base's scores.
        """
        own: dict[str, Any] = {"split": split, "seed": self.seed}
        if self.spec is not None:
            own |= {"method": self.spec.name, "settings": self.spec.settings, "train_cases": self.few}
        train = TrainConfig.parse(config.train.model_dump() | own, f"The arm {self.folder}")
        measured_there = None if self.spec is None else base
        return ArmConfig(
            label=self.label, train=train, score=config.score, adapt=self.spec is not None, base=measured_there
        )


def plan(config: BakeoffConfig, patients: int) -> list[Arm]:
    """The base, then every method with every seed on all training patients, then the few-shot arms, small ones first.

    Args:
        config: of the bake-off.
        patients: in the training part of the smallest data set; few-shot arms of as many or more would be no others.
    """
    specs = [MethodSpec.parse(text) for text in config.methods]
    sizes = [None, *sorted(number for number in config.few if number < patients)]
    return [
        Arm(BASE, BASE),
        *(
            Arm(f"{spec.slug}{'' if few is None else f'-few{few}'}-seed{seed}", spec.text, spec, seed, few)
            for few in sizes
            for seed in config.seeds
            for spec in specs
        ),
    ]


def _differences(mine: Mapping[str, Any], theirs: Mapping[str, Any], prefix: str = "") -> list[str]:
    found: list[str] = []
    for name, value in mine.items():
        other = theirs.get(name)
        if prefix + name in GROWING or value == other:
            continue
        if isinstance(value, dict) and isinstance(other, dict):
            found += _differences(value, other, f"{prefix}{name}.")
        else:
            found.append(prefix + name)
    return found
