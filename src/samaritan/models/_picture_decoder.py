"""When :mod:`samaritan.models._prompt_decoder` may stand for a network's own mask decoder, and what it keeps of a picture."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from samaritan.models._mask_decoder import (
    Attention,
    FeedForward,
    MaskDecoder,
    Mlp,
    TwoWayAttentionBlock,
    TwoWayTransformer,
)
from samaritan.models._norm import ChannelNorm
from samaritan.models._prompt_decoder import PictureSide, decode, prepare
from samaritan.models._prompt_encoder import PromptEncoder
from samaritan.models._prompt_tensors import PromptTensors

if TYPE_CHECKING:
    from samaritan.models._sam_network import SamNetwork

#: All that a mask decoder as published is made of. A wrapper, an adapter or a parametrisation is of another type.
PARTS = frozenset(
    {
        Attention, FeedForward, ChannelNorm, MaskDecoder, Mlp, TwoWayAttentionBlock, TwoWayTransformer,
        nn.ConvTranspose2d, nn.Embedding, nn.LayerNorm, nn.Linear, nn.ModuleList, nn.ReLU,
    }
)  # fmt: skip


class _Kept(NamedTuple):
    """A picture's side, the embedding it belongs to, and copies of the weights that made it."""

    features: weakref.ref[Tensor]
    weights: list[Tensor]
    side: PictureSide


class PictureDecoder:
    """Decodes prompts the quick way, and keeps the picture's side of the work for the next prompts on the same picture.

    Only the last picture's side is kept: with 256 channels and 64 x 64 cells it is 38 MB, nine times the embedding, and making
    it costs about what three prompts cost.

    Args:
        network: whose live weights are used.
    """

    def __init__(self, network: SamNetwork) -> None:
        self._network = network
        self._kept: _Kept | None = None

    def applies(self) -> bool:
        """Whether the network's mask decoder is one whose function :func:`decode` knows, in single precision on a processor."""
        network = self._network
        decoder, prompts = network.mask_decoder, network.prompt_encoder
        if type(decoder) is not MaskDecoder or type(prompts) is not PromptEncoder or prompts._forward_hooks:
            return False
        if torch.is_autocast_enabled("cpu") or not all(_is_published(module) for module in decoder.modules()):
            return False
        tensors = [*decoder.parameters(), *prompts.parameters(), network.position_grid]
        return all(tensor.dtype is torch.float32 and tensor.device.type == "cpu" for tensor in tensors)

    def side(self, features: Tensor) -> PictureSide:
        """What the prompts on a picture share, computed where the last call was for another picture or other weights.

        Args:
            features: (1, hidden, cells, cells).
        """
        network = self._network
        empty = network.prompt_encoder.no_mask_embed.weight
        weights = [empty, *_sources(network.mask_decoder), network.position_grid]
        kept = self._kept
        # values and not versions are compared: who writes past the version counter must not be answered with old weights
        if kept is None or kept.features() is not features or not all(map(torch.equal, weights, kept.weights)):
            made = prepare(network.mask_decoder, empty, network.position_grid, features)
            kept = self._kept = _Kept(weakref.ref(features), [weight.detach().clone() for weight in weights], made)
        return kept.side

    def decode(self, side: PictureSide, prompts: PromptTensors, *, multimask: bool) -> tuple[Tensor, Tensor]:
        """As :meth:`SamNetwork.decode`, of prompts without masks."""
        sparse, _ = self._network.embed_prompts(prompts)
        return decode(self._network.mask_decoder, side, sparse, prompts.count, multimask=multimask)


def _is_published(module: nn.Module) -> bool:
    """Of a published type, and nothing hangs on it that a call would run."""
    hung = module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module)
    biased = getattr(module, "bias", True) is not None
    return type(module) in PARTS and not hung and biased


def _sources(decoder: Any) -> list[Tensor]:
    """The weights that :func:`prepare` reads."""
    transformer = decoder.transformer
    modules = [transformer.final_attn_token_to_image, decoder.upscale_conv1]
    for layer in transformer.layers:
        modules += [layer.cross_attn_token_to_image, layer.cross_attn_image_to_token, layer.layer_norm4]
    return [parameter for module in modules for parameter in module.parameters()]
