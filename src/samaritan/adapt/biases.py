"""BitFit: the encoder's biases.

Zaken et al., "BitFit: Simple Parameter-efficient Fine-tuning for Transformer-based Masked Language-models", arXiv 2106.10199,
section 3.
"""

from __future__ import annotations

from samaritan.adapt._base import METHODS, Method, MethodCard, MethodConfig
from samaritan.adapt._surgery import Part, Surgery

CARD = MethodCard(
    name="biases",
    title="All biases of the encoder, with the mask decoder",
    paper="BitFit: Simple Parameter-efficient Fine-tuning for Transformer-based Masked Language-models, arXiv 2106.10199",
    attaches="E7; nothing is added",
    trains="the biases of linear, convolutional and normalisation layers of the image encoder, and the mask decoder",
    folds=True,
)


class BiasesConfig(MethodConfig):
    """Settings of the tuning of biases.

    Attributes:
        train: parts of the base that train.
    """

    train: tuple[Part, ...] = ("biases", "decoder")


def attach(surgery: Surgery, config: BiasesConfig) -> None:
    """Let the biases train."""
    surgery.train(config.train)


METHODS.add(CARD.name, Method(CARD, BiasesConfig, attach))
