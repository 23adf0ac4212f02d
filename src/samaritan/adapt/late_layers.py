"""Fine-tuning of the last layers.

He et al., "Masked Autoencoders Are Scalable Vision Learners", arXiv 2111.06377, section 4.3 ("partial fine-tuning"): the last
blocks train and the others are frozen, so that training runs on stored features of the last frozen block.
"""

from __future__ import annotations

from samaritan.adapt._base import METHODS, Method, MethodCard, MethodConfig
from samaritan.adapt._surgery import Part, Surgery

CARD = MethodCard(
    name="late-layers",
    title="The last encoder blocks, the neck and the mask decoder",
    paper="Masked Autoencoders Are Scalable Vision Learners (partial fine-tuning), arXiv 2111.06377",
    attaches="nothing is added",
    trains="the last attention blocks of the image encoder, its neck, and the mask decoder",
    deviations=("Between the chosen blocks, steps from one stage of a hierarchical encoder to the next stay frozen.",),
    folds=True,
)


class LateLayersConfig(MethodConfig):
    """Settings of the fine-tuning of the last layers.

    Attributes:
        blocks: encoder blocks that train, see :meth:`samaritan.adapt._surgery.Surgery.blocks`.
        train: parts of the base that train besides.
    """

    blocks: str = "last:2"
    train: tuple[Part, ...] = ("neck", "decoder")


def attach(surgery: Surgery, config: LateLayersConfig) -> None:
    """Let the chosen blocks train."""
    surgery.train_blocks(config.blocks)
    surgery.train(config.train)


METHODS.add(CARD.name, Method(CARD, LateLayersConfig, attach))
