"""Prompt-free heads: no prompt at inference, targets by name (AutoSAM).

Hu et al., "How to Efficiently Adapt Large Segmentation Model (SAM) to Medical Images", arXiv 2306.13731, section 3: the
encoder is frozen, and the prompted decoder gives way to one that answers for each class. Embeddings of images never change,
so training runs on stored ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from samaritan.adapt._base import METHODS, Method, MethodCard, MethodConfig
from samaritan.adapt._names import check_labels, indices_of
from samaritan.adapt._surgery import Part, Surgery, Wrapper

CARD = MethodCard(
    name="prompt-free",
    title="A head that needs no prompt: one set of output tokens, or one channel, for each target",
    paper="How to Efficiently Adapt Large Segmentation Model (SAM) to Medical Images (AutoSAM), arXiv 2306.13731",
    attaches="in place of the mask decoder, behind the image embedding",
    trains="tokens of each class and the mask decoder; with the heads conv and linear the head alone",
    prompts="name",
    deviations=(
        "Points, boxes and masks are ignored, so answers change at attach; the head tokens starts from what the base answers "
        "without a prompt.",
        "The tokens of a class meet the image but not those of other classes, so a class costs what a prompt costs.",
        "Each class is a mask of its own with Dice and cross entropy; the paper has one softmax over classes.",
        "The convolutional head upsamples twice by two with 3 x 3 convolutions; heads conv and linear estimate their quality "
        "from the mean embedding.",
    ),
    identity=False,
)

#: Channels of the convolutional head's two stages, as parts of those of the embedding.
STAGES = (4, 8)

#: Answers of the mask decoder: the single one, and three candidates.
ANSWERS = 4

#: Names that the running questions ask for.
Asked = Callable[[], Sequence[str | None]]


class PromptFreeConfig(MethodConfig):
    """Settings of prompt-free heads.

    Attributes:
        head: "tokens" is SAM's decoder with output tokens for each class, "conv" two convolutional stages, "linear" one layer.
        train: parts of the base that train besides; "decoder" plays no part where the head is conv or linear.
    """

    head: Literal["tokens", "conv", "linear"] = "tokens"
    train: tuple[Part, ...] = ("decoder",)


class Head(Wrapper):
    """What all heads share: they are called as the mask decoder is, and look at the names of the targets alone.

    Args:
        base: the mask decoder.
        labels: names of the targets.
        asked: names that the running questions ask for; none where nobody knows, which is fine with a single class.
        empty: (1, hidden) what the prompt encoder adds to the embedding where there is no mask.
    """

    base: Any

    def __init__(self, base: nn.Module, labels: Sequence[str], asked: Asked, empty: Callable[[], Tensor]) -> None:
        super().__init__(base)
        self.labels = tuple(labels)
        self._asked = asked
        self._empty = empty

    def forward(
        self, image_embeddings: Tensor, image_positional_embeddings: Tensor, multimask_output: bool, **_prompts: Any
    ) -> tuple[Tensor, Tensor]:
        """As the mask decoder: embeddings (n, hidden, y, x) -> logits (n, 1, candidate, 4 y, 4 x), quality (n, 1, candidate).

        Raises:
            PromptError: a question names no target of this adapter.
        """
        classes = indices_of(self._asked() or [None] * len(image_embeddings), self.labels)
        masks, quality = self.answer(image_embeddings, image_positional_embeddings, classes)
        wanted = slice(1, None) if multimask_output else slice(0, 1)
        return masks[:, None, wanted], quality[:, None, wanted]

    def answer(self, features: Tensor, positions: Tensor, classes: list[int]) -> tuple[Tensor, Tensor]:
        """Embeddings of n pictures and a class for each -> logits (n, answer, 4 y, 4 x) and quality (n, answer).

        The single answer comes first, then the candidates.
        """
        raise NotImplementedError


class TokenHead(Head):
    """The mask decoder without prompts, whose own tokens (one for the quality, the others for masks) depend on the class."""

    def __init__(self, base: nn.Module, labels: Sequence[str], asked: Asked, empty: Callable[[], Tensor]) -> None:
        super().__init__(base, labels, asked, empty)
        self.offsets = nn.Parameter(torch.zeros(len(labels), *self.base.own_tokens().shape))

    def answer(self, features: Tensor, positions: Tensor, classes: list[int]) -> tuple[Tensor, Tensor]:
        """As :meth:`Head.answer`."""
        tokens = self.base.own_tokens() + self.offsets[classes]
        masks, quality = self.base.answer(tokens[:, None], features, self._empty()[..., None, None], positions)
        return masks[:, 0], quality[:, 0]


class ChannelHead(Head):
    """One channel for each class, straight from the image embedding.

    Args:
        base: the mask decoder, which does not run.
        labels: names of the targets.
        asked: names that the running questions ask for.
        empty: not needed here.
        convolutions: two stages of convolutions before the last layer; False for the last layer alone.
    """

    def __init__(
        self,
        base: nn.Module,
        labels: Sequence[str],
        asked: Asked,
        empty: Callable[[], Tensor],
        *,
        convolutions: bool,
    ) -> None:
        super().__init__(base, labels, asked, empty)
        hidden = int(self.base.hidden_size)
        self.quality = nn.Linear(hidden, len(labels))
        if not convolutions:
            self.channels = nn.Sequential(nn.Conv2d(hidden, len(labels), 1), _upsample(4))
            return
        first, second = (hidden // part for part in STAGES)
        stages = [*_stage(hidden, first), *_stage(first, second)]
        self.channels = nn.Sequential(*stages, nn.Conv2d(second, len(labels), 1))

    def answer(self, features: Tensor, positions: Tensor, classes: list[int]) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """As :meth:`Head.answer`; all candidates are the single answer."""
        rows, features = range(len(classes)), features[:, : self.base.hidden_size]
        masks = self.channels(features)[rows, classes]
        quality = self.quality(features.mean(dim=(2, 3)))[rows, classes]
        return masks[:, None].expand(-1, ANSWERS, -1, -1), quality[:, None].expand(-1, ANSWERS)


def _upsample(factor: int) -> nn.Module:
    return nn.Upsample(scale_factor=factor, mode="bilinear", align_corners=False)


def _stage(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.GroupNorm(1, outputs), nn.GELU(), _upsample(2)]


def attach(surgery: Surgery, config: PromptFreeConfig) -> None:
    """Put the head in the place of the mask decoder."""
    network, labels = surgery.network, check_labels(surgery.labels, CARD.name)

    def asked() -> Sequence[str | None]:
        return network.asked.texts if network.asked is not None else ()

    def empty() -> Tensor:
        embedding: Tensor = network.empty
        return embedding

    if config.head == "tokens":
        surgery.train(config.train)
        surgery.wrap("mask_decoder", lambda base: TokenHead(base, labels, asked, empty))
        return
    surgery.train([part for part in config.train if part not in ("decoder", "decoder-norms")])  # it does not run
    with_stages = config.head == "conv"
    surgery.wrap("mask_decoder", lambda base: ChannelHead(base, labels, asked, empty, convolutions=with_stages))


METHODS.add(CARD.name, Method(CARD, PromptFreeConfig, attach))
