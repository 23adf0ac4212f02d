"""The contract of an adaptation method: what a file of this room registers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from samaritan.core import Config, Registry


class MethodConfig(Config):
    """Base of the methods' settings; they are stored in the adapter file and attach the same modules again."""


@dataclass(frozen=True)
class MethodCard:
    """What is known about a method; printed by ``samaritan methods`` and on its page.

    Attributes:
        name: in the registry.
        title: one line for a person.
        paper: title and arXiv number of the source.
        attaches: hook points of SAM where it adds something, in words (E3 after attention, E4 beside the MLP, ...).
        trains: what it trains, in words.
        prompts: prompts it answers at inference: "as the base" (points, boxes), "name" (of a target it was trained on).
        deviations: where this implementation leaves the paper or its release, and why; one sentence each.
        folds: True when it can be computed into the base's weights, and then costs nothing.
        identity: True when answers are unchanged until something has been trained; where not, ``deviations`` says why.
        stochastic: True when it can draw several different answers to one question.
    """

    name: str
    title: str
    paper: str
    attaches: str
    trains: str
    prompts: str = "as the base"
    deviations: tuple[str, ...] = ()
    folds: bool = False
    identity: bool = True
    stochastic: bool = False


class Behaviour:
    """What a method does beside changing modules; this one does nothing.

    Attributes:
        per_target: True when the encoder depends on the target that is asked for, so that pictures cannot share an embedding.
        hands_on: True when blocks of the encoder tell each other something beside their features, so that none can be computed
            again by itself.
        progress: share of the training that is done, 0..1; the loop sets it before each step.
        training_only: modules that inference never runs, so that an adapter file need not hold them.
    """

    per_target: bool = False
    hands_on: bool = False
    progress: float = 0.0
    training_only: Sequence[nn.Module] = ()

    def look(self, pixels: Tensor) -> None:
        """Pictures (item, 3, side, side) are about to be encoded from stored features, with nothing known about their masks.

        Where the whole encoder runs, it sees the pictures itself and this is not called.
        """

    def observe(self, pixels: Tensor, masks: Tensor) -> None:
        """A training step begins.

        Args:
            pixels: (item, 3, side, side) the encoder's input.
            masks: (item, 1, grid, grid) reference in 0..1 of the one target of each item; zeros where an item has several.
        """

    def ask(self, items: Sequence[int]) -> None:
        """The next questions are about these of the observed items, in this order; until told otherwise, about all in order."""

    def penalty(self) -> Tensor | None:
        """What is added to the loss of the step (a KL divergence, a regulariser), or None."""
        return None

    def finish(self) -> None:
        """The step is over: forget what was observed."""

    def draw(self, generator: torch.Generator | None) -> None:
        """Choose what makes the next answers differ (a latent sample); None goes back to the most likely answer."""


@dataclass(frozen=True)
class Method:
    """A registered method.

    Attributes:
        card: what is known about it.
        config: its settings' class.
        attach: ``attach(surgery, config) -> Behaviour | None`` changes the network.
    """

    card: MethodCard
    config: type[MethodConfig]
    attach: Callable[..., Behaviour | None]


METHODS: Registry[Method] = Registry("adaptation method", "samaritan.adapt")
