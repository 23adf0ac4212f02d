"""LoRA on queries and values (SAMed).

Zhang and Liu, "Customized Segment Anything Model for Medical Image Segmentation", arXiv 2304.13785, section 3.2; low-rank
updates from Hu et al., arXiv 2106.09685, equation 3. In the decoder's attentions too: Gu et al., "How to build the best medical
image segmentation algorithm using foundation models" (finetune-SAM), arXiv 2404.09957, section 3.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from samaritan.adapt._base import METHODS, Method, MethodCard, MethodConfig
from samaritan.adapt._names import check_labels
from samaritan.adapt._surgery import Part, Surgery, Wrapper
from samaritan.adapt._tokens import TableTokens

Target = Literal["q", "k", "v"]

CARD = MethodCard(
    name="lora",
    title="Low-rank updates of queries and values, with the mask decoder",
    paper="Customized Segment Anything Model for Medical Image Segmentation (SAMed), arXiv 2304.13785",
    attaches="E2: the q and v rows of each encoder block's fused projection",
    trains="the low-rank matrices, and the mask decoder",
    deviations=(
        "The update is scaled by alpha / rank as in LoRA; SAMed does not scale, which is alpha = rank, the default.",
        "Prompts stay those of the base; SAMed is prompt-free (train the part 'prompts' and ask with `none` for that).",
    ),
    folds=True,
)


class LoraConfig(MethodConfig):
    """Settings of LoRA.

    Attributes:
        rank: of the updates (SAMed: 4).
        alpha: the update is scaled by alpha / rank; None is alpha = rank.
        dropout: of the update's input while training.
        targets: which of the fused projections are updated.
        blocks: encoder blocks, see :meth:`samaritan.adapt._surgery.Surgery.blocks`.
        decoder_targets: which projections of all attentions of the mask decoder are updated (finetune-SAM: q and v); with
            ``train`` empty the file then holds the updates alone.
        train: parts of the base that train besides.
        tokens: learned prompt tokens for each target, as ``class-prompt`` adds them; 0 adds none.
        unnamed: of these tokens, as there.
    """

    rank: int = Field(default=4, ge=1)
    alpha: float | None = Field(default=None, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: tuple[Target, ...] = Field(default=("q", "v"), min_length=1)
    blocks: str = "all"
    decoder_targets: tuple[Target, ...] = ()
    train: tuple[Part, ...] = ("decoder",)
    tokens: int = Field(default=0, ge=0, le=64)
    unnamed: float = Field(default=0.0, ge=0, lt=1)


class LoraLinear(Wrapper):
    """A projection some of whose rows have low-rank updates: rows + scale * up(down(x)).

    Args:
        base: Linear in -> out; a fused one has out = 3 in.
        config: the settings.
        rows: for each target, the rows of ``base`` that it owns, as a tensor of indices (row,).
    """

    base: nn.Linear
    scale: float

    def __init__(self, base: nn.Linear, config: LoraConfig, rows: dict[str, Tensor]) -> None:
        super().__init__(base)
        width, rank = base.in_features, config.rank
        self.scale = (config.alpha or rank) / rank
        self.down = nn.ParameterDict({t: nn.Parameter(torch.empty(rank, width)) for t in rows})
        self.up = nn.ParameterDict({t: nn.Parameter(torch.zeros(len(rows[t]), rank)) for t in rows})
        self.dropout = nn.Dropout(config.dropout)
        for target, owned in rows.items():
            nn.init.kaiming_uniform_(self.down[target], a=math.sqrt(5))
            self.register_buffer(f"rows_{target}", owned, persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        fused: Tensor = self.base(tokens)
        dropped = self.dropout(tokens)
        for target, up in self.up.items():
            update = (dropped @ self.down[target].T) @ up.T * self.scale
            fused = fused.index_add(-1, self.get_buffer(f"rows_{target}"), update.to(fused.dtype))
        return fused

    @torch.no_grad()
    def fold(self) -> nn.Linear:
        """The projection with the updates in its weight."""
        folded = nn.Linear(self.base.in_features, self.base.out_features, bias=self.base.bias is not None)
        folded.to(self.base.weight.device, self.base.weight.dtype)
        weight = self.base.weight.clone()
        for target, up in self.up.items():
            weight.index_add_(0, self.get_buffer(f"rows_{target}"), up @ self.down[target] * self.scale)
        folded.weight.copy_(weight)
        if self.base.bias is not None:
            folded.bias.copy_(self.base.bias)
        return folded


def rows_of(target: Target, width: int, heads: int, *, interleaved: bool) -> Tensor:
    """(width,) the rows of a fused projection that make queries, keys or values.

    Args:
        target: "q", "k" or "v".
        width: of the tokens.
        heads: number of attention heads.
        interleaved: rows are (head, q k v, channel) as in TinyViT instead of (q k v, head, channel) as in SAM's ViT.
    """
    number = "qkv".index(target)
    rows = torch.arange(3 * width)
    return rows.view(heads, 3, -1)[:, number].flatten() if interleaved else rows.view(3, width)[number]


def attach(surgery: Surgery, config: LoraConfig) -> None:
    """Update the chosen rows of the chosen blocks, and the chosen projections of the decoder."""
    for block in surgery.blocks(config.blocks):
        rows: dict[str, Tensor] = {
            target: rows_of(target, block.width, block.heads, interleaved=block.plan.interleaved)
            for target in config.targets
        }
        surgery.wrap(block.at("qkv"), partial(LoraLinear, config=config, rows=rows))
    for attention in surgery.decoder_attentions:
        for target in config.decoder_targets:
            every = torch.arange(surgery.module(f"{attention}.{target}_proj").out_features)
            surgery.wrap(f"{attention}.{target}_proj", partial(LoraLinear, config=config, rows={target: every}))
    surgery.train(config.train)
    if config.tokens:
        unused = surgery.module("prompt_encoder").not_a_point_embed.weight[0]
        surgery.add_tokens(TableTokens(check_labels(surgery.labels, CARD.name), unused, config.tokens, config.unnamed))


METHODS.add(CARD.name, Method(CARD, LoraConfig, attach))
