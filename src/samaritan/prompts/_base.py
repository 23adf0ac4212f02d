"""The contract of a prompt strategy: from a reference mask to what a person would have clicked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet, Registry

#: Which of the model's candidate masks counts. "single": the model's one mask (multimask off). "first", "quality" and
#: "oracle" ask for three and take number 0, the one the model itself rates best, or the one with the highest Dice to the
#: reference. An oracle peeks at the answer: results carry the word.
Candidates = Literal["single", "first", "quality", "oracle"]

Mask = NDArray[np.bool_]


class PromptStrategy(Protocol):
    """Simulates a person who knows the reference.

    Attributes:
        name: the text that makes this strategy again, options included, e.g. ``box:margin=0.1``.
        rounds: how many times the model is asked; 1, or n for corrective clicks.
        candidates: which candidate counts.
        shared: True when prompts do not depend on the reference ("everything"): they are decoded once per picture, and
            ``match`` then chooses for each target.
        automatic: True when nobody is asked anything (a grid of points, the whole picture): no interaction is counted.

    The contract, tested for every registered strategy:
        1. ``ref`` is (x, y) bool; prompts are at (x, y, 0) of the same picture and lie inside it.
        2. Several PromptSets in one answer are asked separately and their masks united (one box per component).
        3. An empty reference gives [] (nothing to ask) unless ``shared``.
        4. The same ``rng`` state gives the same prompts; no other randomness.
        5. Positive points lie inside ``ref``, negative ones outside.
        6. x and y are never swapped (tested on an L-shaped mask in a non-square picture).
    """

    @property
    def name(self) -> str:
        """The canonical text of this strategy."""
        ...

    @property
    def rounds(self) -> int:
        """How many times the model is asked."""
        ...

    @property
    def candidates(self) -> Candidates:
        """Which of the model's candidate masks counts."""
        ...

    @property
    def shared(self) -> bool:
        """True when prompts do not depend on the reference."""
        ...

    @property
    def automatic(self) -> bool:
        """True when nobody is asked anything."""
        ...

    def first(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:
        """The first question(s)."""
        ...

    def correct(
        self, ref: Mask, pred: Mask, low_res: NDArray[np.float32], previous: PromptSet, rng: np.random.Generator
    ) -> PromptSet | None:
        """The next question after seeing ``pred`` (x, y) bool, or None when there is nothing to correct.

        Only called where ``rounds > 1``; such a strategy has one PromptSet per round. ``low_res`` (y, x) are the logits
        of ``pred`` on the network's grid, for strategies that feed them back.
        """
        ...


class Answer(Protocol):
    """What a model answers, as far as this room looks at it: :class:`samaritan.models.Prediction`."""

    @property
    def logits(self) -> NDArray[np.float32]:
        """(candidate, x, y)."""
        ...

    @property
    def quality(self) -> NDArray[np.float32]:
        """(candidate,) the model's estimate of each candidate's IoU."""
        ...


@dataclass(frozen=True, eq=False)
class Proposal:
    """One mask that came out of a picture without anybody asking for it.

    Attributes:
        box: (2, 2) int, smallest and largest (x, y) of the mask.
        crop: the mask inside its box, packed to bits: a picture can give thousands.
        area: pixels in the mask.
        quality: the model's estimate of its IoU.
        stability: IoU of the mask cut a little higher and a little lower.
    """

    box: NDArray[np.int64]
    crop: NDArray[np.uint8]
    area: int
    quality: float
    stability: float

    def inside(self) -> Mask:
        """(x, y) bool, the mask inside its box."""
        x, y = (self.box[1] - self.box[0] + 1).tolist()
        return np.unpackbits(self.crop, count=x * y).reshape(x, y).astype(bool)

    def mask(self, shape: tuple[int, int]) -> Mask:
        """(x, y) bool, the mask in its picture of ``shape``."""
        full = np.zeros(shape, dtype=bool)
        full[self.box[0, 0] : self.box[1, 0] + 1, self.box[0, 1] : self.box[1, 1] + 1] = self.inside()
        return full


class Collection(Protocol):
    """Takes a picture's answers chunk by chunk, so that they need not be held together."""

    def add(self, answers: Sequence[Answer]) -> None:
        """Take the answers to some of the questions."""
        ...

    def result(self) -> list[Proposal]:
        """What is left after all filters, the best first; may be empty."""
        ...


class SharedStrategy(PromptStrategy, Protocol):
    """A strategy whose prompts do not depend on the reference (``shared`` is True)."""

    def collect(self) -> Collection:
        """A new, empty collection for one picture."""
        ...

    def match(self, proposals: Sequence[Proposal], ref: Mask) -> int | None:
        """Which proposal is the target (an oracle), or None where none overlaps it: the answer is an empty mask."""
        ...


#: head of the name ("box", "clicks", "mazurowski") -> factory, called with the rest of the text, parsed:
#: ``make(positional: list[str], options: dict[str, str])`` -> a PromptStrategy or a VolumeStrategy
PROMPTS: Registry[Callable[[Sequence[str], dict[str, str]], Any]] = Registry("prompt", "samaritan.prompts")
