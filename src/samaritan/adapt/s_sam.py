"""S-SAM: scale and shift of singular values, and the target's name as the prompt.

Paranjape et al., "S-SAM: SVD-based Fine-Tuning of Segment Anything Model for Medical Image Segmentation", arXiv 2408.06447
(MICCAI 2024), section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from samaritan.adapt._base import METHODS, Behaviour, Method, MethodCard, MethodConfig
from samaritan.adapt._names import check_labels
from samaritan.adapt._singular import Singular, What
from samaritan.adapt._surgery import Part, Surgery
from samaritan.adapt._tokens import TableTokens, TextTokens
from samaritan.models._anatomy import Block, neck_paths, plan_of

CARD = MethodCard(
    name="s-sam",
    title="Scale and shift of singular values, with the target's name as a prompt",
    paper="S-SAM: SVD-based Fine-Tuning of Segment Anything Model for Medical Image Segmentation, arXiv 2408.06447",
    attaches="E6: weights of qkv, proj, lin1, lin2 of each encoder block and of the neck; P1: one token from the name",
    trains="a and b of each singular value, text affine layer, positional embedding, norms of encoder blocks and decoder",
    prompts="name, with or without what the base takes",
    deviations=(
        "The name's token is new to the decoder, so answers change at attach; with text=none they do not.",
        "Windows, relative positions and the dense embedding of SAM stay; the release drops them.",
        "Names go through a sentence encoder that works offline; text=clip is the paper's encoder.",
        "The affine layer ends in LayerNorm, which works for a single name; norm=batch is the paper's.",
        "W' is computed as W + U diag(ReLU(a sigma + b) - sigma) V^T, the same number and exactly W at attach.",
        "Singular values that do not train (fraction below 1) stay as they are; the release adds one to them.",
        "An encoder without an absolute positional embedding (TinyViT) trains none; its BatchNorms stay, since with those of "
        "its first layers a step takes three times as long (train them with the part norms).",
    ),
    folds=True,
    identity=False,
)


class SSamConfig(MethodConfig):
    """Settings of S-SAM.

    Attributes:
        blocks: encoder blocks, see :meth:`samaritan.adapt._surgery.Surgery.blocks`.
        neck: whether the neck's convolutions are adapted as well.
        what: which of scale and shift train.
        fraction: of each weight's singular values that train, the largest ones.
        text: where the name's token comes from: an encoder of "sentence"s, "clip", a learned "table", or "none".
        clip: folder or hub name of CLIP; it must be on the machine already.
        norm: behind the text affine layer.
        regulariser: weight of |1 - a| + |b| in the loss.
        norms: whether the LayerNorms of the chosen blocks train.
        train: parts of the base that train besides.
    """

    blocks: str = "all"
    neck: bool = True
    what: What = "scale-shift"
    fraction: float = Field(default=1.0, gt=0, le=1)
    text: Literal["sentence", "table", "clip", "none"] = "sentence"
    clip: str = "openai/clip-vit-base-patch32"
    norm: Literal["layer", "batch"] = "layer"
    regulariser: float = Field(default=0.0, ge=0)
    norms: bool = True
    train: tuple[Part, ...] = ("position", "decoder-norms")


@dataclass
class SSamBehaviour(Behaviour):
    """The regulariser.

    Attributes:
        layers: those with trained singular values.
        weight: of the regulariser.
    """

    layers: list[Singular]
    weight: float

    def penalty(self) -> Tensor | None:
        """The weighted sum over all layers; None with weight 0."""
        if not self.weight or not self.layers:
            return None
        return self.weight * torch.stack([layer.distance() for layer in self.layers]).sum()


def attach(surgery: Surgery, config: SSamConfig) -> SSamBehaviour:
    """Adapt the chosen weights, add the name's token, let norms and positions train."""
    blocks = surgery.blocks(config.blocks)
    has_position = plan_of(surgery.network, surgery.plan).position is not None
    surgery.train([part for part in config.train if part != "position" or has_position])
    if config.norms:
        surgery.train_parameters([name for block in blocks for name in _norms(surgery, block)])
    paths = [block.at(role) for block in blocks for role in ("qkv", "proj", "lin1", "lin2")]
    paths += neck_paths(surgery.network, surgery.plan) if config.neck else []
    for path in paths:
        surgery.wrap(path, partial(Singular, what=config.what, fraction=config.fraction))
    source = _token_source(surgery, config)
    if source is not None:
        surgery.add_tokens(source)
    layers = [wrapper for wrapper in surgery.wrappers.values() if isinstance(wrapper, Singular)]
    return SSamBehaviour(layers, config.regulariser)


def _norms(surgery: Surgery, block: Block) -> list[str]:
    """Names of the parameters of a block's LayerNorms."""
    return [
        f"{block.path}.{path}.{name}"
        for path, module in surgery.module(block.path).named_modules()
        if isinstance(module, nn.LayerNorm)
        for name, _ in module.named_parameters()
    ]


def _token_source(surgery: Surgery, config: SSamConfig) -> nn.Module | None:
    unused = surgery.module("prompt_encoder").not_a_point_embed.weight[0]
    if config.text == "none":
        return None
    if config.text == "table":
        return TableTokens(check_labels(surgery.labels, CARD.name), unused)
    return TextTokens(surgery.labels, config.text, config.clip, len(unused), config.norm, stored=surgery.stored)


METHODS.add(CARD.name, Method(CARD, SSamConfig, attach))
