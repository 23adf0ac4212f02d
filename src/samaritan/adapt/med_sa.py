"""Med-SA: bottleneck adapters in encoder and decoder, weights made from the prompt, attention along the slices of volumes.

Wu et al., "Medical SAM Adapter: Adapting Segment Anything Model for Medical Image Segmentation", arXiv 2304.12620, section 3.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from pydantic import Field
from torch import nn

from samaritan.adapt._base import METHODS, Method, MethodCard, MethodConfig
from samaritan.adapt._bottleneck import Activation, Behind, Beside, Bottleneck, Start, norm_inside
from samaritan.adapt._depth import SpaceDepth
from samaritan.adapt._hyper_prompt import HyperPrompt, asked_of
from samaritan.adapt._surgery import Part, Surgery
from samaritan.core import UsageError
from samaritan.models._anatomy import Block

CARD = MethodCard(
    name="med-sa",
    title="Bottleneck adapters in encoder and decoder, the latter shaped by the prompt",
    paper="Medical SAM Adapter: Adapting Segment Anything Model for Medical Image Segmentation, arXiv 2304.12620",
    attaches="E3, E4: behind the attention and beside the MLP of encoder blocks; D1, D2, D3: behind token-to-image attention, "
    "beside the token MLP and behind the image's normalisation in decoder blocks; with depth > 1 attention along slices",
    trains="the adapters",
    deviations=(
        "Up projections start at zero, so answers change only with training; start=released takes torch's own values.",
        "Only adapters train, as in the paper; its release trains the whole mask decoder and has no adapters in it: "
        "train=[decoder], decoder=none.",
        "Normalisation comes before windows are padded, as in SAM; the release pads first.",
        "GELU and a bottleneck of a quarter of the width are the release's; act=relu is the paper's, and hidden=80 makes the "
        "13 million parameters that the paper counts on ViT-H.",
        "The paper leaves open how the prompt becomes weights: the mean of SAM's sparse tokens goes through a layer of 32, "
        "and two generated 64 x 64 layers start as the identity.",
        "Along the slices the places of all windows are told apart, which the release confuses with depth, and positions have "
        "no bias or a learned one (depth_rel_pos) instead of one on a grid folded from the slices.",
        "Volumes are encoded in stacks of `depth` slices side by side (the last one reaches back), so that each slice is "
        "encoded once; averages over overlapping stacks would encode it several times.",
    ),
)


class MedSaConfig(MethodConfig):
    """Settings of Med-SA.

    Attributes:
        blocks: encoder blocks, see :meth:`samaritan.adapt._surgery.Surgery.blocks`.
        ratio: hidden width of an adapter over the width of its tokens.
        hidden: hidden width of the encoder's adapters; None is ``ratio`` times the block's.
        act: behind the first layer of an adapter.
        scale: of the adapters beside MLPs; 0 leaves them out.
        start: zero changes no answer until something is trained; released takes the initial values of the authors' code.
        decoder: whether the mask decoder has adapters.
        hyper: the adapter behind token-to-image attention gets its weights from the prompt; False is a plain one.
        hyper_layers: number of generated layers.
        hyper_length: length of the reduced prompt.
        hyper_per_token: each prompt token has generated weights of its own, instead of one matrix for all.
        depth: slices of a volume that are encoded together; above 1 blocks attend along them too.
        depth_rel_pos: bias for the distance of two slices.
        train: parts of the base that train besides.
    """

    blocks: str = "all"
    ratio: float = Field(default=0.25, gt=0, le=4)
    hidden: int | None = Field(default=None, ge=1)
    act: Activation = "gelu"
    scale: float = Field(default=0.5, ge=0)
    start: Start = "zero"
    decoder: Literal["adapters", "none"] = "adapters"
    hyper: bool = True
    hyper_layers: int = Field(default=2, ge=1)
    hyper_length: int = Field(default=32, ge=1)
    hyper_per_token: bool = False
    depth: int = Field(default=1, ge=1)
    depth_rel_pos: Literal["off", "learned_1d"] = "off"
    train: tuple[Part, ...] = ()

    def adapter(self, width: int, hidden: int | None = None, *, skip: bool = False) -> Bottleneck:
        """An adapter for tokens of a width; ``hidden`` None follows the ratio."""
        return Bottleneck(width, hidden or max(1, round(self.ratio * width)), self.act, skip=skip, start=self.start)


def attach(surgery: Surgery, config: MedSaConfig) -> None:
    """Adapters into the chosen encoder blocks and into the decoder."""
    surgery.network.stack = config.depth
    surgery.undo.append(partial(setattr, surgery.network, "stack", 1))
    for block in surgery.blocks(config.blocks):
        if config.depth > 1:
            _attend_along(surgery, block, config)
        else:
            space = config.adapter(block.width, config.hidden, skip=True)
            surgery.wrap(block.at("attention"), partial(Behind, adapter=space))
        if config.scale:
            adapter = config.adapter(block.width, config.hidden)
            beside = partial(Beside, adapter=adapter, scale=config.scale, norm=norm_inside(block))
            surgery.wrap(block.at("mlp"), beside)
    if config.decoder == "adapters":
        _adapt_decoder(surgery, config)
    surgery.train(config.train)


def _attend_along(surgery: Surgery, block: Block, config: MedSaConfig) -> None:
    """The attention of one block with its space-depth branch.

    Raises:
        UsageError: the attention halves its map, and slices cannot be compared place by place.
    """
    if getattr(surgery.module(block.at("attention")), "pooled", False):
        raise UsageError(
            f"Slices cannot attend along each other in encoder block {block.index}, whose attention halves its map; name the "
            "other blocks in `blocks`, or leave `depth` at 1."
        )
    whole, projection = surgery.module(block.path), surgery.module(block.at("qkv"))
    branch = SpaceDepth(
        surgery.module(block.at("attention")),
        config.adapter(block.width, config.hidden, skip=True),
        config.adapter(block.width, config.hidden),
        heads=block.heads,
        interleaved=block.plan.interleaved,
        reach=config.depth if config.depth_rel_pos == "learned_1d" else None,
        slices=partial(getattr, surgery.network, "depth"),
    )
    surgery.wrap(block.at("attention"), lambda _: branch)
    listeners = [whole.register_forward_pre_hook(branch.count), projection.register_forward_hook(branch.hear)]
    surgery.undo += [listener.remove for listener in listeners]


def _adapt_decoder(surgery: Surgery, config: MedSaConfig) -> None:
    """Three adapters into each two-way block."""
    asked = partial(asked_of, surgery.network)
    for block in surgery.decoder_blocks:
        first: nn.Module = config.adapter(block.width, skip=True)
        if config.hyper:
            first = HyperPrompt(
                block.width,
                max(1, round(config.ratio * block.width)),
                config.hyper_layers,
                config.hyper_length,
                per_token=config.hyper_per_token,
                asked=asked,
            )
        surgery.wrap(block.token_to_image, partial(Behind, adapter=first))
        if config.scale:
            surgery.wrap(block.mlp, partial(Beside, adapter=config.adapter(block.width), scale=config.scale))
        surgery.wrap(block.image_norm, partial(Behind, adapter=config.adapter(block.width, skip=True)))


METHODS.add(CARD.name, Method(CARD, MedSaConfig, attach))
