"""Several answers to one question: of a method that can draw, of boxes that wander, or of both; and what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from samaritan.adapt._adaptation import Adaptation
from samaritan.core import InputError, PromptSet
from samaritan.evaluate import entropy
from samaritan.models import Embedding, Prediction
from samaritan.models._anatomy import first_changed, run, steps
from samaritan.models._sam import evaluating
from samaritan.prompts import make_prompt
from samaritan.prompts._looseness import BoxStrategy


def draw_samples(
    adapted: Adaptation,
    picture: NDArray[np.float32],
    prompts: Sequence[PromptSet],
    n: int,
    seed: int,
    *,
    latent: bool = True,
    jitter: str | None = None,
) -> list[list[Prediction]]:
    """Ask the same questions several times, and get different answers where the method or the prompts leave them open.

    The encoder runs once as far as no draw can change it. The first samples of many are those of few. For the diversity of the
    method alone leave the prompts as they are, for that of the prompts alone switch ``latent`` off. Afterwards the model gives
    its most likely answer again.

    Args:
        adapted: the model.
        picture: (x, y, 3) float32 in 0..255.
        prompts: the questions.
        n: number of samples.
        seed: of everything that is drawn.
        latent: whether a stochastic method draws; otherwise it gives its most likely answer.
        jitter: every side of a box wanders by itself in each sample, as in the prompt ``box:jitter=...``: "10px", "0.1" of
            the side, "medsam" or "sam-med2d" (SAM-U, arXiv 2307.04973, asks with 20 boxes); None leaves prompts alone.

    Returns:
        (sample, prompt): the answers. A method that cannot draw repeats itself.

    Raises:
        InputError: ``n`` is less than 1, or the picture is not as above.
        PromptError: a prompt lies outside the picture.
        UsageError: ``jitter`` cannot be read.
    """
    if n < 1:
        raise InputError(f"At least one sample must be drawn; received {n}.")
    boxes = _boxes(jitter)
    rng = np.random.default_rng(seed)
    draws = latent and adapted.method.card.stochastic
    generator = torch.Generator().manual_seed(seed) if draws else None
    half = _HalfEncoded(adapted, picture)
    samples: list[list[Prediction]] = []
    try:
        for number in range(n):
            adapted.behaviour.draw(generator)
            if draws or number == 0:
                embedding = half.encode()
            if draws or boxes or number == 0:
                asked = prompts if boxes is None else [_wander(p, boxes, embedding.shape, rng) for p in prompts]
                answers = adapted.segmenter.decode(embedding, asked)
            samples.append(answers)
    finally:
        adapted.behaviour.draw(None)
        adapted.behaviour.finish()
    return samples


@dataclass(frozen=True, eq=False)
class Consensus:
    """What several answers to one question say together (SAM-U, arXiv 2307.04973).

    Attributes:
        probability: (candidate, x, y) mean over the answers of the sigmoid of their logits.
        entropy: (candidate, x, y) of that, in nats: 0 where they are sure and agree, log 2 where nothing is known.
    """

    probability: NDArray[np.float64]
    entropy: NDArray[np.float64]

    @property
    def masks(self) -> NDArray[np.bool_]:
        """(candidate, x, y) probability above one half."""
        return self.probability > 0.5

    @classmethod
    def of(cls, answers: Sequence[Prediction]) -> Consensus:
        """Of answers to one question.

        Raises:
            InputError: there is none.
        """
        if not answers:
            raise InputError("A consensus needs at least one answer; received none.")
        probability = np.mean([expit(answer.logits.astype(np.float64)) for answer in answers], axis=0)
        return cls(probability, entropy(probability))


class _HalfEncoded:
    """A picture, encoded as far as the adaptation leaves the encoder as it was."""

    def __init__(self, adapted: Adaptation, picture: NDArray[np.float32]) -> None:
        network = adapted.network
        chain = steps(network)
        split = first_changed(chain, [*adapted.surgery.wrappers, *adapted.surgery.tuned])
        self._adapted = adapted
        self._rest = chain[split:]
        self._shape = (picture.shape[0], picture.shape[1])
        self._pixels = adapted.segmenter.frame.pixels(picture).to(network.position_grid.device)
        with torch.inference_mode(), evaluating(network):
            self._features = run(chain[:split], self._pixels)

    def encode(self) -> Embedding:
        """The rest, under what was drawn."""
        with torch.inference_mode(), evaluating(self._adapted.network):
            self._adapted.behaviour.look(self._pixels)
            return Embedding({"image": run(self._rest, self._features).contiguous()}, self._shape)


def _boxes(jitter: str | None) -> BoxStrategy | None:
    if jitter is None:
        return None
    strategy = make_prompt(f"box:jitter={jitter}")
    if not isinstance(strategy, BoxStrategy):
        raise TypeError(f"The prompt 'box' is no box strategy but {type(strategy).__name__}.")
    return strategy


def _wander(prompt: PromptSet, boxes: BoxStrategy, shape: tuple[int, int], rng: np.random.Generator) -> PromptSet:
    if prompt.box is None:
        return prompt
    corners = np.stack([prompt.box.lo[:2], prompt.box.hi[:2]])
    return replace(prompt, box=boxes.around(corners, shape, rng))
