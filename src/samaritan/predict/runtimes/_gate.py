"""The gate: how far masks of a runtime are from those of eager fp32, on pictures that every machine has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet
from samaritan.models import Embedding, Segmenter

if TYPE_CHECKING:
    from samaritan.predict.runtimes._questions import Question

#: What is asked of an encoder: masks as torch gives them, or speed within the gate.
Kind = Literal["exact", "fast"]

#: Pictures that the gate looks at, and regions on each beside what is labelled. Reduced precision changes masks without a
#: clear border most, so that "fast" asks for many of them.
ASKED: dict[Kind, tuple[int, int]] = {"exact": (9, 0), "fast": (16, 8)}

#: Exact: no mask below this Dice to eager fp32. Fast: this mean, and no mask below that. What is promised is a mean of 0.99;
#: the gate allows half of that loss, since other pictures may be harder than its own.
EXACT, FAST_MEAN, FAST_WORST = 0.999, 0.995, 0.95
FLOORS: dict[Kind, float] = {"exact": EXACT, "fast": FAST_WORST}

#: Pixels that a mask needs on one side at least to be judged under "fast"; of fewer, one alone is more than is allowed.
SMALLEST = 20


@dataclass(frozen=True)
class Verdict:
    """What the gate found.

    Attributes:
        mean: mean Dice of the masks to those of eager fp32.
        worst: the smallest.
        masks: how many were compared.
        pictures: names of the pictures; the last one is where a mask failed, if one did.
        error: largest absolute difference in the embedding (in each of its features) over its largest value.
        at: picture and kind of prompt of the worst mask.
    """

    mean: float
    worst: float
    masks: int
    pictures: tuple[str, ...] = field(default=())
    error: float = 0.0
    at: str = ""

    @property
    def exact(self) -> bool:
        """Masks are those of eager fp32."""
        return self.masks > 0 and self.worst >= EXACT

    @property
    def fast(self) -> bool:
        """Masks are near enough for those who ask for speed."""
        return self.masks > 0 and self.mean >= FAST_MEAN and self.worst >= FAST_WORST

    def passes(self, kind: Kind) -> bool:
        """Whether it is "exact" or "fast"."""
        return self.exact if kind == "exact" else self.fast

    def data(self) -> dict[str, Any]:
        """In plain values."""
        return asdict(self) | {"pictures": list(self.pictures)}

    @classmethod
    def of(cls, data: dict[str, Any]) -> Verdict:
        """From plain values."""
        return cls(**{**data, "pictures": tuple(data["pictures"])})


@dataclass(frozen=True, eq=False)
class Reference:
    """What eager fp32 answers to one question.

    Attributes:
        question: that was asked.
        embedding: of its picture.
        masks: (prompt, x, y) bool.
    """

    question: Question
    embedding: Embedding
    masks: NDArray[np.bool_]

    @classmethod
    def of(cls, segmenter: Segmenter, question: Question) -> Reference:
        """Ask an eager model."""
        embedding = segmenter.encode(question.picture)
        return cls(question, embedding, masks_of(segmenter, embedding, [prompt for _, prompt in question.prompts]))


def masks_of(segmenter: Segmenter, embedding: Embedding, prompts: Sequence[PromptSet]) -> NDArray[np.bool_]:
    """(prompt, x, y) bool, one mask for each prompt."""
    return np.stack([answer.masks[0] for answer in segmenter.decode(embedding, prompts)])


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """2 |A and B| / (|A| + |B|); 1 where both are empty."""
    total = int(one.sum()) + int(other.sum())
    return 1.0 if total == 0 else 2 * int((one & other).sum()) / total


def judge(
    candidate: Segmenter, references: Sequence[Reference], kind: Kind = "exact", *, whole: bool = False
) -> Verdict:
    """Compare a runtime with what eager fp32 answered.

    Args:
        candidate: the model on the runtime.
        references: what eager fp32 answered.
        kind: what is asked of it.
        whole: look at all pictures, not only up to the first with a mask that fails.
    """
    found: list[tuple[float, str]] = []
    names: list[str] = []
    error = 0.0
    for reference in references:
        question = reference.question
        names.append(question.name)
        embedding = candidate.encode(question.picture)
        for name, expected in reference.embedding.features.items():
            given = embedding.features[name]
            error = max(error, float((given - expected).abs().max() / expected.abs().max().clamp(min=1e-12)))
        masks = masks_of(candidate, embedding, [prompt for _, prompt in question.prompts])
        for (prompt, _), one, other in zip(question.prompts, masks, reference.masks, strict=True):
            if kind == "exact" or max(one.sum(), other.sum()) >= SMALLEST:
                found.append((dice(one, other), f"{question.name}, {prompt}"))
        if not whole and found and min(found)[0] < FLOORS[kind]:
            break
    scores = [score for score, _ in found]
    if not np.isfinite(error) or not scores:
        return Verdict(0.0, 0.0, len(scores), tuple(names), float("inf"), "")
    worst, at = min(found)
    return Verdict(float(np.mean(scores)), worst, len(scores), tuple(names), error, at)
