"""Tensor names of SAM 2: ours against those of the authors' checkpoints and those of ``transformers`` on the hub, both ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from samaritan.core import ModelError
from samaritan.models._keys import published_names
from samaritan.models._weights import load_strictly

_Renames = tuple[tuple[str, str], ...]

#: (ours, the authors'), applied one after the other to names in which SAM's own are published already.
_AUTHORS: _Renames = (
    (r"^image_encoder\.neck\.(conv_s[01])\.", r"sam_mask_decoder.\1."),
    (r"^image_encoder\.neck\.convs\.(\d+)\.", r"image_encoder.neck.convs.\1.conv."),
    (r"^image_encoder\.backbone\.patch_embed\.projection\.", r"image_encoder.trunk.patch_embed.proj."),
    (r"^image_encoder\.backbone\.(blocks\.\d+)\.layer_norm(\d)\.", r"image_encoder.trunk.\1.norm\2."),
    (r"^image_encoder\.backbone\.(blocks\.\d+\.mlp)\.proj_in\.", r"image_encoder.trunk.\1.layers.0."),
    (r"^image_encoder\.backbone\.(blocks\.\d+\.mlp)\.proj_out\.", r"image_encoder.trunk.\1.layers.1."),
    (r"^image_encoder\.backbone\.", r"image_encoder.trunk."),
    (r"^(mask_decoder\.transformer\.layers\.\d+\.mlp)\.lin1\.", r"\1.layers.0."),
    (r"^(mask_decoder\.transformer\.layers\.\d+\.mlp)\.lin2\.", r"\1.layers.1."),
    (r"^tracker\.pred_obj_score_head\.", r"mask_decoder.pred_obj_score_head."),
    (r"^tracker\.object_pointer_proj\.", r"obj_ptr_proj."),
    (r"^(mask_decoder\.pred_obj_score_head|obj_ptr_proj)\.layers\.0\.", r"\1.layers.1."),
    (r"^(mask_decoder\.pred_obj_score_head|obj_ptr_proj)\.proj_in\.", r"\1.layers.0."),
    (r"^(mask_decoder\.pred_obj_score_head|obj_ptr_proj)\.proj_out\.", r"\1.layers.2."),
    (r"^(prompt_encoder|mask_decoder)\.", r"sam_\1."),
    (r"^tracker\.memory_attention\.(layers\.\d+)\.layer_norm(\d)\.", r"memory_attention.\1.norm\2."),
    (r"^tracker\.memory_attention\.layer_norm\.", r"memory_attention.norm."),
    (r"^tracker\.memory_encoder\.mask_downsampler\.final_conv\.", r"memory_encoder.mask_downsampler.encoder.12."),
    (r"^tracker\.memory_encoder\.mask_downsampler\.layers\.0\.conv\.", r"memory_encoder.mask_downsampler.encoder.0."),
    (r"^tracker\.memory_encoder\.mask_downsampler\.layers\.0\.layer_norm\.", r"memory_encoder.mask_downsampler.encoder.1."),
    (r"^tracker\.memory_encoder\.mask_downsampler\.layers\.1\.conv\.", r"memory_encoder.mask_downsampler.encoder.3."),
    (r"^tracker\.memory_encoder\.mask_downsampler\.layers\.1\.layer_norm\.", r"memory_encoder.mask_downsampler.encoder.4."),
    (r"^tracker\.memory_encoder\.mask_downsampler\.layers\.2\.conv\.", r"memory_encoder.mask_downsampler.encoder.6."),
    (r"^tracker\.memory_encoder\.mask_downsampler\.layers\.2\.layer_norm\.", r"memory_encoder.mask_downsampler.encoder.7."),
    (r"^tracker\.memory_encoder\.mask_downsampler\.layers\.3\.conv\.", r"memory_encoder.mask_downsampler.encoder.9."),
    (r"^tracker\.memory_encoder\.mask_downsampler\.layers\.3\.layer_norm\.", r"memory_encoder.mask_downsampler.encoder.10."),
    (r"^tracker\.memory_encoder\.feature_projection\.", r"memory_encoder.pix_feat_proj."),
    (r"^tracker\.memory_encoder\.projection\.", r"memory_encoder.out_proj."),
    (r"^tracker\.memory_encoder\.memory_fuser\.(layers\.\d+)\.depthwise_conv\.", r"memory_encoder.fuser.\1.dwconv."),
    (r"^tracker\.memory_encoder\.memory_fuser\.(layers\.\d+)\.layer_norm\.", r"memory_encoder.fuser.\1.norm."),
    (r"^tracker\.memory_encoder\.memory_fuser\.(layers\.\d+)\.pointwise_conv", r"memory_encoder.fuser.\1.pwconv"),
    (r"^tracker\.memory_encoder\.memory_fuser\.(layers\.\d+)\.scale$", r"memory_encoder.fuser.\1.gamma"),
    (r"^tracker\.memory_temporal_positional_encoding$", r"maskmem_tpos_enc"),
    (r"^tracker\.temporal_positional_encoding_projection_layer\.", r"obj_ptr_tpos_proj."),
    (r"^tracker\.occlusion_spatial_embedding_parameter$", r"no_obj_embed_spatial"),
    (r"^tracker\.no_memory_positional_encoding$", r"no_mem_pos_enc"),
    (r"^tracker\.no_object_pointer$", r"no_obj_ptr"),
    (r"^no_memory_embedding$", r"no_mem_embed"),
    (r"^tracker\.", r""),
)  # fmt: skip

#: (ours, those of the hub).
_HUB: _Renames = (
    (r"^image_encoder\.neck\.(conv_s[01])\.", r"mask_decoder.\1."),
    (r"^image_encoder\.", r"vision_encoder."),
    (r"^(mask_decoder\.transformer\.layers\.\d+\.mlp)\.lin1\.", r"\1.proj_in."),
    (r"^(mask_decoder\.transformer\.layers\.\d+\.mlp)\.lin2\.", r"\1.proj_out."),
    (r"^tracker\.pred_obj_score_head\.", r"mask_decoder.pred_obj_score_head."),
    (r"^tracker\.", r""),
    (r"\.out_proj\.", r".o_proj."),
)  # fmt: skip

#: On the hub the kinds of points are rows of one tensor, and the frequencies of places are stored twice.
_KINDS, _KIND = "prompt_encoder.point_embed.weight", "prompt_encoder.point_embed.{}.weight"
_PLACES, _PLACES_AGAIN = (
    "prompt_encoder.shared_embedding.positional_embedding",
    "shared_image_embedding.positional_embedding",
)


def authors_names(names: Iterable[str]) -> dict[str, str]:
    """Our tensor names -> those of the authors' checkpoints; one to one."""
    return {ours: _renamed(theirs, _AUTHORS) for ours, theirs in published_names(names).items()}


def hub_names(names: Iterable[str]) -> dict[str, str]:
    """Our tensor names -> those of ``transformers``, before :func:`to_hub` joins some; one to one."""
    return {name: _renamed(name, _HUB) for name in names}


def fill(network: nn.Module, state: Mapping[str, Tensor], origin: str) -> int:
    """See :func:`samaritan.models._weights.load_strictly`; names are the authors' or those of the hub."""
    names = network.state_dict()
    if any(name.startswith("vision_encoder.") for name in state):
        return load_strictly(network, from_hub(state, origin), hub_names(names), origin)
    return load_strictly(network, state, authors_names(names), origin)


def from_hub(state: Mapping[str, Tensor], origin: str) -> dict[str, Tensor]:
    """A state of the hub with one tensor for each of ours, called as in :func:`hub_names`.

    Args:
        state: tensors by name.
        origin: names the weights in messages.

    Raises:
        ModelError: what is stored twice is not the same twice.
    """
    state = dict(state)
    again = state.pop(_PLACES_AGAIN, None)
    if again is not None and not torch.equal(again, state.setdefault(_PLACES, again)):
        raise ModelError(
            f"{origin} holds {_PLACES} and {_PLACES_AGAIN}, which differ and must not; get the file again."
        )
    kinds = state.pop(_KINDS, None)
    if kinds is not None:
        state |= {_KIND.format(number): row[None].clone() for number, row in enumerate(kinds)}
    return state


def to_hub(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of :func:`from_hub`: tensors called as in :func:`hub_names` -> a state of the hub."""
    state = dict(state)
    kinds: list[Tensor] = []
    while (row := state.pop(_KIND.format(len(kinds)), None)) is not None:
        kinds.append(row)
    return state | {_KINDS: torch.cat(kinds), _PLACES_AGAIN: state[_PLACES]}


def _renamed(name: str, renames: _Renames) -> str:
    for ours, theirs in renames:
        name = re.sub(ours, theirs, name)
    return name
