"""VeRA: low-rank updates through fixed random matrices, which all blocks share; two vectors for each projection are trained.

Kopiczko et al., "VeRA: Vector-based Random Matrix Adaptation", arXiv 2310.11454, equation 2. The layer is that of the ``peft``
library; the random matrices are made here, since a file holds their key instead of them.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from samaritan.adapt._base import METHODS, Method, MethodCard
from samaritan.adapt._peft import NAME, PeftConfig, PeftWrapper, Role, tune
from samaritan.adapt._surgery import Surgery

CARD = MethodCard(
    name="vera",
    title="Low-rank updates through shared random matrices, scaled by trained vectors",
    paper="VeRA: Vector-based Random Matrix Adaptation, arXiv 2310.11454",
    attaches="E6: projections of the encoder blocks",
    trains="two vectors for each projection, and the mask decoder",
    deviations=(
        "The random matrices are drawn from the setting `key` and are neither stored nor counted; a projection takes the rows "
        "and columns that it needs of one pair, as large as the largest projection.",
    ),
    folds=True,
)


class VeraConfig(PeftConfig):
    """Settings of VeRA.

    Attributes:
        rank: of the updates (the paper's for ViT: 256).
        initial: value of the inner vector at the start.
        dropout: of the update's input while training.
        key: seed of the random matrices; an adapter means something with its own key alone.
    """

    rank: int = Field(default=256, ge=1)
    initial: float = Field(default=0.1, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    key: int = Field(default=0, ge=0, lt=2**32)


def projections(rows: int, columns: int, config: VeraConfig) -> tuple[Tensor, Tensor]:
    """The fixed matrices A (rank, columns) and B (rows, rank), uniform as Kaiming's rule has it.

    Args:
        rows: of the largest projection's weight.
        columns: of the largest projection's weight.
        config: with rank and key.
    """
    # the one generator whose stream is promised never to change, as an adapter's meaning must not
    random = np.random.RandomState(config.key)

    def draw(shape: tuple[int, int]) -> Tensor:
        bound = math.sqrt(6 / shape[1])
        return torch.from_numpy(random.uniform(-bound, bound, shape).astype(np.float32))

    return draw((config.rank, columns)), draw((rows, config.rank))


def attach(surgery: Surgery, config: VeraConfig) -> None:
    """Tune the chosen projections."""
    from peft import VeraConfig as Settings  # noqa: PLC0415  listing methods stays quick
    from peft.tuners._buffer_dict import BufferDict  # noqa: PLC0415
    from peft.tuners.vera.layer import Linear  # noqa: PLC0415

    paths = [block.at(role) for block in surgery.blocks(config.blocks) for role in config.targets]
    shapes = [surgery.module(path).weight.shape for path in paths]
    inner, outer = (
        BufferDict({NAME: matrix.to(surgery.network.position_grid.device)}, persistent=False)
        for matrix in projections(max(s[0] for s in shapes), max(s[1] for s in shapes), config)
    )
    settings = Settings(
        r=config.rank, d_initial=config.initial, vera_dropout=config.dropout, projection_prng_key=config.key
    )

    def make(_: Role, base: nn.Linear) -> PeftWrapper:
        return PeftWrapper(base, Linear(base, inner, outer, NAME, settings, r=config.rank))

    tune(surgery, config, make)


METHODS.add(CARD.name, Method(CARD, VeraConfig, attach))
