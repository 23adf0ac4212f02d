"""Full fine-tuning (MedSAM).

Ma et al., "Segment Anything in Medical Images", arXiv 2304.12306, section "Model training": image encoder and mask decoder are
trained, the prompt encoder is frozen since it already encodes boxes.
"""

from __future__ import annotations

from samaritan.adapt._base import METHODS, Method, MethodCard, MethodConfig
from samaritan.adapt._surgery import Part, Surgery

CARD = MethodCard(
    name="full",
    title="Everything but the prompt encoder; the file is as large as the model",
    paper="Segment Anything in Medical Images (MedSAM), arXiv 2304.12306",
    attaches="nothing is added",
    trains="the image encoder and the mask decoder, all of which the adapter file holds: it is as large as the model",
    deviations=("Batch normalisation, where the encoder has it, keeps its statistics.",),
    folds=True,
)


class FullConfig(MethodConfig):
    """Settings of full fine-tuning.

    Attributes:
        train: parts of the base that train.
    """

    train: tuple[Part, ...] = ("encoder", "decoder")


def attach(surgery: Surgery, config: FullConfig) -> None:
    """Let encoder and decoder train."""
    surgery.train(config.train)


METHODS.add(CARD.name, Method(CARD, FullConfig, attach))
