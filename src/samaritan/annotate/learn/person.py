"""A simulated annotator: draws a box, looks, clicks where the mask is most wrong, and accepts when it is good enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import SliceAnswer, SliceQuestion
from samaritan.annotate.learn.uncertainty import dice
from samaritan.core import PromptSet
from samaritan.prompts import make_prompt
from samaritan.prompts.clicks import correction

Mask = NDArray[np.bool_]
First = Literal["box", "click"]


@dataclass(frozen=True)
class Person:
    """How the simulated annotator works; it knows the reference.

    Attributes:
        first: the first act about an object without a usable proposal: "box" is a tight box around it, "click" one click where
            it is deepest; either counts as one interaction.
        goal: Dice from which a mask is accepted.
        patience: interactions after which it is not asked further, and the object is drawn by hand.
        usable: a proposal of lower Dice is thrown away and the first act made; a better one is corrected by clicks.
    """

    first: First = "box"
    goal: float = 0.9
    patience: int = 20
    usable: float = 0.8

    def label(
        self,
        ask: Callable[[SliceQuestion], SliceAnswer],
        question: SliceQuestion,
        ref: Mask,
        rng: np.random.Generator,
        proposal: Mask | None = None,
    ) -> Labelled:
        """Work on one object on one slice until it is accepted.

        Args:
            ask: the model.
            question: says which slice; its prompts' text is the name of the object.
            ref: (x, y) bool, not empty: what the object should be.
            rng: chooses among places that are as good.
            proposal: (x, y) bool that is there already; None where nothing was proposed.
        """
        found = Labelled(np.zeros_like(ref) if proposal is None else proposal)
        found.begin(ref, proposed=proposal is not None)
        prompt = None
        while found.course[-1] < self.goal and found.interactions < self.patience:
            before, name = prompt, question.prompts.text
            prompt = replace(self._next(found, before, ref, rng), text=name)
            shown = found.mask if found.mask.any() else None
            found.take(ask(replace(question, prompts=prompt, current=shown)), ref)
        return found

    def _next(self, found: Labelled, before: PromptSet | None, ref: Mask, rng: np.random.Generator) -> PromptSet:
        """All prompts of the next question: one act more than before."""
        if before is None and found.course[0] < self.usable:
            found.mask = np.zeros_like(ref)
            return make_prompt("box" if self.first == "box" else "point").first(ref, rng)[0]
        found.corrected = found.corrected or before is None
        asked = correction(ref, found.mask, None, before or PromptSet(), rng)
        if asked is None:
            raise AssertionError("A mask that equals the reference has been accepted.")
        return asked


@dataclass(eq=False)
class Labelled:
    """One object on one slice, as far as it is.

    Attributes:
        mask: (x, y) bool.
        interactions: acts of the person.
        proposed: Dice of the proposal; None where there was none.
        corrected: whether the first act corrected the proposal, instead of throwing it away.
        course: Dice before the first act and after each.
        seconds: the model's, in all.
        encoded: how many of the answers waited for the encoder.
    """

    mask: Mask
    interactions: int = 0
    proposed: float | None = None
    corrected: bool = False
    course: list[float] = field(default_factory=list)
    seconds: float = 0.0
    encoded: int = 0

    def begin(self, ref: Mask, *, proposed: bool) -> None:
        """Look at what is there."""
        self.course.append(dice(self.mask, ref))
        self.proposed = self.course[0] if proposed else None

    def take(self, answer: SliceAnswer, ref: Mask) -> None:
        """Look at an answer; the best candidate counts."""
        self.mask = answer.masks[0]
        self.interactions += 1
        self.seconds += answer.seconds
        self.encoded += answer.encoded
        self.course.append(dice(self.mask, ref))
