"""Decoder-only fine-tuning.

Huang et al., "Segment Anything Model for Medical Images?", arXiv 2304.14660, section 4: image encoder and prompt encoder
frozen. The image embeddings never change, so training runs on stored ones.
"""

from __future__ import annotations

from samaritan.adapt._base import METHODS, Method, MethodCard, MethodConfig
from samaritan.adapt._surgery import Part, Surgery

CARD = MethodCard(
    name="decoder",
    title="The mask decoder as a whole",
    paper="Segment Anything Model for Medical Images?, arXiv 2304.14660",
    attaches="nothing is added",
    trains="the mask decoder",
    folds=True,
)


class DecoderConfig(MethodConfig):
    """Settings of decoder-only fine-tuning.

    Attributes:
        train: parts of the base that train.
    """

    train: tuple[Part, ...] = ("decoder",)


def attach(surgery: Surgery, config: DecoderConfig) -> None:
    """Let the decoder train."""
    surgery.train(config.train)


METHODS.add(CARD.name, Method(CARD, DecoderConfig, attach))
