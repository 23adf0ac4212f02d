"""Probabilistic SAM: a latent code added to the prompt's tokens, for many answers from one image embedding.

"Probabilistic SAM", arXiv 2509.05809: a cheap baseline next to UA-SAM. The image encoder stays frozen, so training runs on
stored embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from pydantic import Field
from torch import Tensor, nn

from samaritan.adapt._base import METHODS, Method, MethodCard
from samaritan.adapt._latent import LatentBehaviour, LatentConfig, LatentSpace
from samaritan.adapt._surgery import Part, Surgery, Wrapper

#: Stages of prior and posterior, and convolutions of a stage; both see the image embedding, which is small already.
WIDTHS, DEPTH = (32, 64), 1

CARD = MethodCard(
    name="probabilistic-sam",
    title="A latent code added to the prompt's tokens, many answers from one embedding",
    paper="Probabilistic SAM, arXiv 2509.05809",
    attaches="P1: to each token of points and boxes",
    trains="prior and posterior networks, the network from code to token, and the mask decoder",
    deviations=(
        "Prior and posterior see the image embedding instead of the picture, as the paper has it, so that drawing costs a "
        "decoder pass.",
        "The last layer from code to token starts at zero.",
        "A question without points and box has no token to add to, and is answered without the code.",
        "The box of an empty mask, a quarter of the picture in the release, is left to the prompt strategy.",
    ),
    stochastic=True,
)


class ProbabilisticSamConfig(LatentConfig):
    """Settings of Probabilistic SAM, beside those of its latent code.

    Attributes:
        train: parts of the base that train besides.
    """

    beta: float = Field(default=10.0, ge=0)
    train: tuple[Part, ...] = ("decoder",)


class LatentDecoder(Wrapper):
    """The mask decoder, to whose prompt tokens a function of the code is added.

    Args:
        base: the mask decoder.
        hidden: channels of image embedding and tokens.
        config: length of the code.
    """

    def __init__(self, base: nn.Module, *, hidden: int, config: LatentConfig) -> None:
        super().__init__(base)
        self.hidden = hidden
        self.space = LatentSpace(hidden, config.latent, WIDTHS, DEPTH)
        self.token = nn.Sequential(nn.Linear(config.latent, hidden), nn.ReLU(), nn.Linear(hidden, hidden))
        nn.init.zeros_(self.token[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.token[-1].bias)  # type: ignore[arg-type]
        self.masks: Tensor | None = None
        self.noise: Tensor | None = None

    def forward(
        self, image_embeddings: Tensor, sparse_prompt_embeddings: Tensor | None, **others: Tensor | bool
    ) -> tuple[Tensor, Tensor]:
        """As the mask decoder.

        Args:
            image_embeddings: (n, hidden, cells, cells); early features behind them are not looked at.
            sparse_prompt_embeddings: (n, 1, token, hidden) or None.
            others: handed on.
        """
        if sparse_prompt_embeddings is not None:
            self._see(image_embeddings[:, : self.hidden])
            added = self.token(self.space.code())[:, None, None]
            sparse_prompt_embeddings = sparse_prompt_embeddings + added.to(sparse_prompt_embeddings.dtype)
        found: tuple[Tensor, Tensor] = self.base(
            image_embeddings=image_embeddings, sparse_prompt_embeddings=sparse_prompt_embeddings, **others
        )
        return found

    def _see(self, embeddings: Tensor) -> None:
        if self.training and self.masks is not None and self.noise is not None:
            self.space.learn(embeddings, self.masks, self.noise)
        else:
            # questions about one picture share its memory, see SamNetwork.decode
            self.space.look(embeddings[:1] if embeddings.stride(0) == 0 else embeddings)


class ProbabilisticSamBehaviour(LatentBehaviour):
    """The code of a question: from its posterior in a training step, else from its picture's prior."""

    def __init__(self, decoder: LatentDecoder, config: LatentConfig) -> None:
        super().__init__(decoder.space, config)
        self._decoder = decoder
        self._masks: Tensor | None = None
        self._noise: Tensor | None = None

    def observe(self, pixels: Tensor, masks: Tensor) -> None:  # noqa: ARG002  the embedding says what they show
        """See :meth:`Behaviour.observe`."""
        self._masks = masks
        self._noise = torch.randn(len(masks), self.space.latent, device=masks.device)
        self.ask(range(len(masks)))

    def ask(self, items: Sequence[int]) -> None:
        """See :meth:`Behaviour.ask`."""
        if self._masks is not None and self._noise is not None:
            chosen = list(items)
            self._decoder.masks, self._decoder.noise = self._masks[chosen], self._noise[chosen]

    def finish(self) -> None:
        """Forget the step."""
        super().finish()
        self._masks = self._noise = self._decoder.masks = self._decoder.noise = None


def attach(surgery: Surgery, config: ProbabilisticSamConfig) -> ProbabilisticSamBehaviour:
    """Wrap the mask decoder."""
    hidden = int(surgery.network.mask_decoder.hidden_size)
    surgery.wrap("mask_decoder", partial(LatentDecoder, hidden=hidden, config=config))
    surgery.train(config.train)
    return ProbabilisticSamBehaviour(surgery.module("mask_decoder"), config)


METHODS.add(CARD.name, Method(CARD, ProbabilisticSamConfig, attach))
