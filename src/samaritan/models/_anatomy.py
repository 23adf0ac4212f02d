"""Where the parts of a network lie, by role: what adaptations, caches and exporters need to know about a backbone.

A backbone of the registry is described by its encoder's class. Any other is described by an :class:`EncoderPlan`, which is
data: patterns of module names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from samaritan.core import ModelError
from samaritan.models._sam_network import SamNetwork

#: A step of an encoder: features of one depth -> features of the next.
Step = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class EncoderPlan:
    r"""How the attention blocks of an encoder are called; all paths but ``block`` are relative to a block.

    Attributes:
        block: pattern of the path of an attention block below the encoder, e.g. ``layers\.\d+``.
        attention: its attention module, tokens in and tokens out.
        qkv: its fused projection, a Linear to three times the width.
        proj: its output projection.
        mlp: its MLP.
        lin1: first layer of the MLP.
        lin2: second layer of the MLP.
        mlp_norm: normalisation inside the MLP; None where the block normalises before it.
        attention_norm: normalisation inside the attention; None where the block normalises before it.
        interleaved: the rows of ``qkv`` are (head, q k v, channel) instead of (q k v, head, channel).
        heads: attribute of the attention module that holds the number of heads.
        neck: convolutions after the last block, below the encoder.
        position: how names of absolute positional embeddings begin, below the encoder; None where there is none.
        channels: axis of the channels in what a block takes and gives.
    """

    block: str
    attention: str = "attn"
    qkv: str = "attn.qkv"
    proj: str = "attn.proj"
    mlp: str = "mlp"
    lin1: str = "mlp.lin1"
    lin2: str = "mlp.lin2"
    mlp_norm: str | None = None
    attention_norm: str | None = None
    interleaved: bool = False
    heads: str = "num_attention_heads"
    neck: tuple[str, ...] = ()
    position: str | None = None
    channels: int = -1


#: Encoder class -> its plan.
PLANS: dict[str, EncoderPlan] = {
    "TinyViT": EncoderPlan(
        block=r"layers\.\d+\.blocks\.\d+", lin1="mlp.fc1", lin2="mlp.fc2", mlp_norm="mlp.norm",
        attention_norm="attn.norm", interleaved=True, heads="heads", neck=("neck.0", "neck.2"),
        channels=1,
    ),
    "HieraEncoder": EncoderPlan(
        block=r"backbone\.blocks\.\d+", lin1="mlp.proj_in", lin2="mlp.proj_out", position="backbone.pos_embed",
        neck=("neck.convs.1", "neck.convs.0", "neck.convs.2", "neck.convs.3"),
    ),
    "ViT": EncoderPlan(block=r"layers\.\d+", neck=("neck.conv1", "neck.conv2"), position="pos_embed"),
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """One attention block of an image encoder; every path is from the network's root.

    Attributes:
        index: number among the attention blocks, from 0.
        path: of the block.
        width: channels of the tokens that its attention, its MLP and itself give; fewer may come in where a stage begins.
        heads: number of attention heads.
        plan: the roles of its parts.
    """

    index: int
    path: str
    width: int
    heads: int
    plan: EncoderPlan

    def at(self, role: str) -> str:
        """Path of a part: "attention", "qkv", "proj", "mlp", "lin1" or "lin2"."""
        return f"{self.path}.{getattr(self.plan, role)}"


@dataclass(frozen=True)
class TwoWayBlock:
    """One block of the mask decoder's two-way transformer; paths are from the network's root.

    Attributes:
        index: from 0.
        path: of the block.
        width: channels of tokens and image.
        token_to_image: attention of tokens on the image (hook point D1).
        mlp: on tokens (D2).
        image_norm: normalisation of the image after its attention on tokens (D3).
    """

    index: int
    path: str
    width: int

    @property
    def token_to_image(self) -> str:
        return f"{self.path}.cross_attn_token_to_image"

    @property
    def mlp(self) -> str:
        return f"{self.path}.mlp"

    @property
    def image_norm(self) -> str:
        return f"{self.path}.layer_norm4"


def plan_of(network: SamNetwork, plan: EncoderPlan | None = None) -> EncoderPlan:
    """The given plan, or the one of the encoder's class.

    Raises:
        ModelError: the class is not known and no plan was given.
    """
    kind = type(network.image_encoder).__name__
    if plan is None and kind not in PLANS:
        raise ModelError(f"Nothing is known about encoders of class {kind}; describe it with an EncoderPlan.")
    return plan or PLANS[kind]


def encoder_blocks(network: SamNetwork, plan: EncoderPlan | None = None) -> list[Block]:
    """The attention blocks of the image encoder, first to last.

    Raises:
        ModelError: the encoder is not known, or nothing in it fits the plan.
    """
    plan = plan_of(network, plan)
    pattern = re.compile(plan.block)
    blocks: list[Block] = []
    for name, module in network.image_encoder.named_modules():
        if pattern.fullmatch(name) and _has(module, plan.qkv):
            attention: Any = module.get_submodule(plan.attention)
            width = int(module.get_submodule(plan.qkv).out_features) // 3
            blocks.append(Block(len(blocks), f"image_encoder.{name}", width, int(getattr(attention, plan.heads)), plan))
    if not blocks:
        raise ModelError(
            f"No module of the image encoder is called like {plan.block!r} and holds {plan.qkv!r}, so there is nothing "
            "to attach to."
        )
    return blocks


def decoder_blocks(network: SamNetwork) -> list[TwoWayBlock]:
    """The blocks of the mask decoder's two-way transformer, first to last."""
    width = int(network.mask_decoder.hidden_size)
    count = len(network.mask_decoder.transformer.layers)
    return [TwoWayBlock(i, f"mask_decoder.transformer.layers.{i}", width) for i in range(count)]


def decoder_attentions(network: SamNetwork) -> list[str]:
    """Paths of the attentions of the mask decoder's transformer, in the order of their parts (hook point D4)."""
    kind = type(network.mask_decoder.transformer.final_attn_token_to_image)
    return [f"mask_decoder.{name}" for name, part in network.mask_decoder.named_modules() if isinstance(part, kind)]


def neck_paths(network: SamNetwork, plan: EncoderPlan | None = None) -> list[str]:
    """Paths of the convolutions after the last block."""
    return [f"image_encoder.{name}" for name in plan_of(network, plan).neck]


def steps(network: SamNetwork) -> list[tuple[str, Step]]:
    """The encoder as a chain: (path of the module, function), whose composition is ``network.encode``.

    The functions call the modules that are in place now, so a chain made before an adaptation is attached is not the adapted
    one. Encoders that are no chain, or keep early features on the way (SAM-HQ), have a single step.
    """
    encoder: Any = network.image_encoder
    kind = type(encoder).__name__
    if getattr(getattr(encoder, "config", None), "early", False):
        return [("image_encoder", network.encode)]
    if kind == "TinyViT":
        chain = [("image_encoder.patch_embed", encoder.patch_embed)]
        for number, stage in enumerate(encoder.layers):
            here = f"image_encoder.layers.{number}"
            chain += [(f"{here}.blocks.{b}", block) for b, block in enumerate(stage.blocks)]
            chain += [] if stage.downsample is None else [(f"{here}.downsample", stage.downsample)]
        return [*chain, ("image_encoder.neck", encoder.neck)]
    if kind == "ViT":
        start = [("image_encoder.patch_embed", lambda pixels: encoder.patch_embed(pixels) + encoder.pos_embed)]
        middle = [(f"image_encoder.layers.{number}", layer) for number, layer in enumerate(encoder.layers)]
        return [*start, *middle, ("image_encoder.neck", encoder.neck)]
    return [("image_encoder", network.encode)]


def run(chain: Sequence[tuple[str, Step]], features: Tensor) -> Tensor:
    """Features through the steps of a chain."""
    for _, step in chain:
        features = step(features)
    return features


def first_changed(chain: Sequence[tuple[str, Step]], paths: Sequence[str]) -> int:
    """Number of the first step that holds one of the modules or parameters at ``paths``; the chain's length if none does."""
    for number, (name, _) in enumerate(chain):
        holds = [path for path in paths if path == name or path.startswith(f"{name}.")]
        if holds or (number == 0 and any(path == "image_encoder.pos_embed" for path in paths)):
            return number
    return len(chain)


def _has(module: nn.Module, path: str) -> bool:
    try:
        module.get_submodule(path)
    except AttributeError:
        return False
    return True
