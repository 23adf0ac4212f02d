"""Tuning of the encoder's normalisation layers.

Zhao et al., "Tuning LayerNorm in Attention: Towards Efficient Multi-Modal LLM Finetuning", arXiv 2312.11420.
"""

from __future__ import annotations

from samaritan.adapt._base import METHODS, Method, MethodCard, MethodConfig
from samaritan.adapt._surgery import Part, Surgery

CARD = MethodCard(
    name="norms",
    title="Scale and shift of the encoder's normalisation layers, with the mask decoder",
    paper="Tuning LayerNorm in Attention: Towards Efficient Multi-Modal LLM Finetuning, arXiv 2312.11420",
    attaches="E7; nothing is added",
    trains="weights and biases of layer and batch normalisation in the image encoder without its neck, and the mask decoder",
    deviations=(
        "Where a convolutional encoder has batch normalisation, its scale and shift train too; its statistics stay fixed.",
    ),
    folds=True,
)


class NormsConfig(MethodConfig):
    """Settings of the tuning of normalisation layers.

    Attributes:
        train: parts of the base that train.
    """

    train: tuple[Part, ...] = ("norms", "decoder")


def attach(surgery: Surgery, config: NormsConfig) -> None:
    """Let the normalisation layers train."""
    surgery.train(config.train)


METHODS.add(CARD.name, Method(CARD, NormsConfig, attach))
