"""OFT: the input of a projection is rotated, block by block, so that angles between its rows stay as they were.

Qiu et al., "Controlling Text-to-Image Diffusion by Orthogonal Finetuning", arXiv 2306.07280, section 3 (block-diagonal,
Cayley transform). The layer is that of the ``peft`` library.
"""

from __future__ import annotations

from pydantic import Field
from torch import nn

from samaritan.adapt._base import METHODS, Method, MethodCard
from samaritan.adapt._peft import PeftConfig, PeftWrapper, Role, inject, tune
from samaritan.adapt._surgery import Surgery

CARD = MethodCard(
    name="oft",
    title="Orthogonal rotations of the inputs of projections",
    paper="Controlling Text-to-Image Diffusion by Orthogonal Finetuning, arXiv 2306.07280",
    attaches="E6: projections of the encoder blocks",
    trains="a skew-symmetric matrix for each group of input channels, and the mask decoder",
    deviations=(
        "Groups are as large as the largest divisor of the width that is not above the setting, so that any width fits.",
    ),
    folds=True,
)


class OftConfig(PeftConfig):
    """Settings of OFT.

    Attributes:
        group: channels that are rotated together, at most.
    """

    group: int = Field(default=16, ge=2)


def group_of(width: int, limit: int) -> int:
    """The largest divisor of ``width`` that is not above ``limit``."""
    return max(size for size in range(1, min(width, limit) + 1) if width % size == 0)


def attach(surgery: Surgery, config: OftConfig) -> None:
    """Tune the chosen projections."""
    from peft import OFTConfig  # noqa: PLC0415  listing methods stays quick

    def make(_: Role, base: nn.Linear) -> PeftWrapper:
        group = group_of(base.in_features, config.group)
        # the library's default, a truncated series, is orthogonal for small angles only
        settings = OFTConfig(r=0, oft_block_size=group, use_cayley_neumann=False, target_modules=["base"])
        return inject(base, settings)

    tune(surgery, config, make)


METHODS.add(CARD.name, Method(CARD, OftConfig, attach))
