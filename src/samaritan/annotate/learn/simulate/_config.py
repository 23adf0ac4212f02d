"""What a simulation is: everything that decides its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from samaritan.annotate.learn.person import First, Person
from samaritan.annotate.learn.plan import Way
from samaritan.core import Config

Order = Literal["name", "uncertainty"]


@dataclass(frozen=True)
class Condition:
    """One way of working through the same cases.

    Attributes:
        learning: whether the model learns from what was accepted.
        order: of the cases.
    """

    learning: bool
    order: Order

    @property
    def label(self) -> str:
        """For tables."""
        return f"learning, by {self.order}" if self.learning else "no learning"


#: Without learning a case costs the same whenever it comes, so there the order is not varied.
CONDITIONS = (Condition(False, "name"), Condition(True, "name"), Condition(True, "uncertainty"))


class SimulationConfig(Config):
    """The settings of a simulation; written beside its results.

    Attributes:
        data: data sets of pictures, as given.
        meta: a YAML file that describes data without a dataset.yaml.
        model: name of the base.
        weights: a file of its weights, where it is not the one the package finds.
        method: how it learns.
        every: a training after so many accepted cases.
        rounds: most trainings; None has no limit.
        steps: optimiser steps of a training, so that the machine's load decides nothing.
        first: the first act about an object without a usable proposal.
        goal: Dice from which a mask is accepted.
        patience: interactions after which an object is drawn by hand.
        usable: a proposal of lower Dice is thrown away.
        repeats: how often a case is asked for a proposal.
        limit: most cases of a data set, the first by name.
        seed: start of all randomness.
        threads: of the processor.
        device: where the network runs.
    """

    data: tuple[str, ...] = Field(min_length=1)
    meta: str | None = None
    model: str = "litemedsam"
    weights: str | None = None
    method: Way = "decoder"
    every: int = Field(default=5, ge=3)
    rounds: int | None = Field(default=None, ge=1)
    steps: int = Field(default=40, ge=1)
    first: First = "box"
    goal: float = Field(default=0.9, gt=0, le=1)
    patience: int = Field(default=20, ge=1)
    usable: float = Field(default=0.8, ge=0, le=1)
    repeats: int = Field(default=3, ge=1)
    limit: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)
    threads: int = Field(default=1, ge=1)
    device: str = "cpu"

    @property
    def person(self) -> Person:
        """Who works."""
        return Person(self.first, self.goal, self.patience, self.usable)
