"""What is asked about a picture in a training step: a target, one rater's mask of it, and a simulated prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet
from samaritan.prompts._base import PromptStrategy
from samaritan.train._examples import MIN_PIXELS, Example, Target

#: Share of a pixel from which it belongs to a target, where a prompt is simulated.
HALF = 0.5


@dataclass(eq=False)
class Question:
    """One target of one picture under one prompt.

    Attributes:
        picture: number of the picture in the step.
        shape: size (x, y) of the picture.
        mask: (x, y) float32 in 0..1, what should come out.
        prompt: what is asked.
        strategy: what asks; corrects where it has several rounds.
        rounds: how many rounds are asked, the last of which trains.
        rng: the question's own random stream.
    """

    picture: int
    shape: tuple[int, int]
    mask: NDArray[np.float32]
    prompt: PromptSet
    strategy: PromptStrategy
    rounds: int
    rng: np.random.Generator

    @property
    def ref(self) -> NDArray[np.bool_]:
        """(x, y) bool, the target as a person would see it."""
        return solid(self.mask)

    def correct(self, logits: NDArray[np.float32], low_res: NDArray[np.float32]) -> None:
        """Look at an answer, (x, y) logits and (y, x) low_res, and ask again where something is to be corrected."""
        better = self.strategy.correct(self.ref, logits > 0, low_res, self.prompt, self.rng)
        if better is not None:
            self.prompt = replace(better, text=self.prompt.text)


def solid(mask: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(x, y) bool, the pixels that mostly belong to a soft mask; of one thinner than a pixel, those where it is most."""
    ref = mask >= HALF
    return ref if ref.sum() >= MIN_PIXELS else mask >= max(min(float(mask.max()) / 2, HALF), 1e-3)


def ask(
    example: Example,
    number: int,
    strategies: Sequence[PromptStrategy],
    limit: int,
    rng: np.random.Generator,
    *,
    random_rater: bool = False,
) -> list[Question]:
    """Up to ``limit`` questions about an example, target names as evenly as they are; [] where nothing can be asked.

    Args:
        example: the picture.
        number: of the picture in the step.
        strategies: one is drawn for each question.
        limit: most questions.
        rng: random stream of the picture.
        random_rater: draw whose mask is right, instead of taking the gold standard.
    """
    found: list[Question] = []
    for target in _order(example.targets, rng):
        if len(found) == limit:
            break
        strategy = strategies[int(rng.integers(len(strategies)))]
        mask = list(target.masks.values())[int(rng.integers(len(target.masks)))] if random_rater else target.mask
        stream = np.random.default_rng(rng.integers(2**63))
        question = _question(number, target.name, mask, strategy, stream)
        if question is not None:
            found.append(question)
    return found


def _order(targets: Sequence[Target], rng: np.random.Generator) -> list[Target]:
    """In random order, all names once before any name comes again."""
    shuffled = [targets[n] for n in rng.permutation(len(targets))]
    seen: dict[str, int] = {}
    ranks = []
    for target in shuffled:
        seen[target.name] = seen.get(target.name, -1) + 1
        ranks.append(seen[target.name])
    return [shuffled[n] for n in sorted(range(len(shuffled)), key=lambda n: ranks[n])]


def _question(
    number: int, name: str, mask: NDArray[np.float32], strategy: PromptStrategy, rng: np.random.Generator
) -> Question | None:
    ref = solid(mask)
    if not ref.any():
        return None
    prompts = strategy.first(ref, rng)
    if not prompts:
        return None
    prompt = prompts[rng.integers(len(prompts))]
    if len(prompts) > 1:  # one of several boxes or clicks: it asks for its own part of the target only
        mask = mask * _own_part(ref, prompt)
    rounds = int(rng.integers(strategy.rounds)) + 1
    shape = (mask.shape[0], mask.shape[1])
    return Question(number, shape, mask, replace(prompt, text=name), strategy, rounds, rng)


def _own_part(ref: NDArray[np.bool_], prompt: PromptSet) -> NDArray[np.bool_]:
    """The components of the target that lie in the prompt's box or under its points."""
    from scipy import ndimage  # noqa: PLC0415

    labelled, _ = ndimage.label(ref, np.ones((3, 3)))
    part = labelled
    if prompt.box is not None:
        low, high = np.floor(prompt.box.lo[:2]).astype(int), np.ceil(prompt.box.hi[:2]).astype(int)
        part = labelled[max(low[0], 0) : high[0] + 1, max(low[1], 0) : high[1] + 1]
    elif prompt.points is not None:
        places = np.clip(np.round(prompt.points.ijk[:, :2]).astype(int), 0, np.array(ref.shape) - 1)
        part = labelled[places[:, 0], places[:, 1]]
    return np.isin(labelled, np.setdiff1d(np.unique(part), [0]))
