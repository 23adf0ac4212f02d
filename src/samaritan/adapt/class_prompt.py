"""Class prompt: learned tokens that stand for a target.

Prompt tuning (Lester et al., "The Power of Scale for Parameter-Efficient Prompt Tuning", arXiv 2104.08691, section 2) on SAM's
sparse prompts; the tokens of a target are looked up by its name, as the label prompts of AdaptiveSAM (arXiv 2308.03726).
"""

from __future__ import annotations

from pydantic import Field

from samaritan.adapt._base import METHODS, Method, MethodCard, MethodConfig
from samaritan.adapt._names import check_labels
from samaritan.adapt._surgery import Part, Surgery
from samaritan.adapt._tokens import TableTokens

CARD = MethodCard(
    name="class-prompt",
    title="Learned prompt tokens for each target, with the mask decoder",
    paper="The Power of Scale for Parameter-Efficient Prompt Tuning, arXiv 2104.08691, applied to SAM's sparse prompts",
    attaches="P1: one or more tokens behind those of points and boxes",
    trains="the tokens, and the mask decoder",
    prompts="name of a target it was trained on, with or without what the base takes",
    deviations=(
        "The tokens are new to the decoder, so answers change at attach; they start near the token that SAM itself adds "
        "beside points to mean nothing.",
        "The mask decoder trains besides by default; prompt tuning alone is train=().",
    ),
    identity=False,
)


class ClassPromptConfig(MethodConfig):
    """Settings of class prompts.

    Attributes:
        tokens: for each target.
        unnamed: share of the questions that are asked without their name in training. Above 0 the adapter also answers
            questions that name no target, or one that it was not taught.
        train: parts of the base that train besides.
    """

    tokens: int = Field(default=1, ge=1, le=64)
    unnamed: float = Field(default=0.0, ge=0, lt=1)
    train: tuple[Part, ...] = ("decoder",)


def attach(surgery: Surgery, config: ClassPromptConfig) -> None:
    """Add the tokens of the targets."""
    surgery.train(config.train)
    unused = surgery.module("prompt_encoder").not_a_point_embed.weight[0]
    surgery.add_tokens(TableTokens(check_labels(surgery.labels, CARD.name), unused, config.tokens, config.unnamed))


METHODS.add(CARD.name, Method(CARD, ClassPromptConfig, attach))
