"""Tensor names: ours (those of ``transformers``) against those of SAM checkpoints and of the model hub, both ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from samaritan.core import ModelError

_MLPS = r"mask_decoder\.(?:output_hypernetworks_mlps\.\d+|iou_prediction_head)"

#: (our name, published name), as regular expressions; at most one fits a name, and names that none fits are the same.
_RENAMES: tuple[tuple[str, str], ...] = (
    (r"^image_encoder\.patch_embed\.projection\.", r"image_encoder.patch_embed.proj."),
    (r"^image_encoder\.layers\.(\d+)\.layer_norm(\d)\.", r"image_encoder.blocks.\1.norm\2."),
    (r"^image_encoder\.layers\.(\d+)\.(attn|mlp)\.", r"image_encoder.blocks.\1.\2."),
    (r"^image_encoder\.layers\.(\d+)\.adapter\.norm\.", r"image_encoder.blocks.\1.Adapter.norm."),
    (r"^image_encoder\.layers\.(\d+)\.adapter\.squeeze\.", r"image_encoder.blocks.\1.Adapter.channel.0."),
    (r"^image_encoder\.layers\.(\d+)\.adapter\.excite\.", r"image_encoder.blocks.\1.Adapter.channel.2."),
    (r"^image_encoder\.layers\.(\d+)\.adapter\.down\.", r"image_encoder.blocks.\1.Adapter.spatial.0."),
    (r"^image_encoder\.layers\.(\d+)\.adapter\.up\.", r"image_encoder.blocks.\1.Adapter.spatial.2."),
    (r"^image_encoder\.neck\.conv1\.", r"image_encoder.neck.0."),
    (r"^image_encoder\.neck\.layer_norm1\.", r"image_encoder.neck.1."),
    (r"^image_encoder\.neck\.conv2\.", r"image_encoder.neck.2."),
    (r"^image_encoder\.neck\.layer_norm2\.", r"image_encoder.neck.3."),
    (r"^(prompt_encoder)\.shared_embedding\.positional_embedding$", r"\1.pe_layer.positional_encoding_gaussian_matrix"),
    (r"^prompt_encoder\.point_embed\.", r"prompt_encoder.point_embeddings."),
    (r"^prompt_encoder\.mask_embed\.conv1\.", r"prompt_encoder.mask_downscaling.0."),
    (r"^prompt_encoder\.mask_embed\.layer_norm1\.", r"prompt_encoder.mask_downscaling.1."),
    (r"^prompt_encoder\.mask_embed\.conv2\.", r"prompt_encoder.mask_downscaling.3."),
    (r"^prompt_encoder\.mask_embed\.layer_norm2\.", r"prompt_encoder.mask_downscaling.4."),
    (r"^prompt_encoder\.mask_embed\.conv3\.", r"prompt_encoder.mask_downscaling.6."),
    (r"^(mask_decoder\.transformer\.layers\.\d+)\.layer_norm(\d)\.", r"\1.norm\2."),
    (r"^mask_decoder\.transformer\.layer_norm_final_attn\.", r"mask_decoder.transformer.norm_final_attn."),
    (r"^mask_decoder\.upscale_conv1\.", r"mask_decoder.output_upscaling.0."),
    (r"^mask_decoder\.upscale_layer_norm\.", r"mask_decoder.output_upscaling.1."),
    (r"^mask_decoder\.upscale_conv2\.", r"mask_decoder.output_upscaling.3."),
    (rf"^({_MLPS})\.proj_in\.", r"\1.layers.0."),
    (rf"^({_MLPS})\.layers\.0\.", r"\1.layers.1."),
    (rf"^({_MLPS})\.proj_out\.", r"\1.layers.2."),
    (r"^mask_decoder\.hq_token\.", r"mask_decoder.hf_token."),
    (r"^mask_decoder\.hq_mask_mlp\.proj_in\.", r"mask_decoder.hf_mlp.layers.0."),
    (r"^mask_decoder\.hq_mask_mlp\.layers\.0\.", r"mask_decoder.hf_mlp.layers.1."),
    (r"^mask_decoder\.hq_mask_mlp\.proj_out\.", r"mask_decoder.hf_mlp.layers.2."),
    (r"^mask_decoder\.compress_vit_conv1\.", r"mask_decoder.compress_vit_feat.0."),
    (r"^mask_decoder\.compress_vit_norm\.", r"mask_decoder.compress_vit_feat.1."),
    (r"^mask_decoder\.compress_vit_conv2\.", r"mask_decoder.compress_vit_feat.3."),
    (r"^mask_decoder\.encoder_conv1\.", r"mask_decoder.embedding_encoder.0."),
    (r"^mask_decoder\.encoder_norm\.", r"mask_decoder.embedding_encoder.1."),
    (r"^mask_decoder\.encoder_conv2\.", r"mask_decoder.embedding_encoder.3."),
    (r"^mask_decoder\.mask_conv1\.", r"mask_decoder.embedding_maskfeature.0."),
    (r"^mask_decoder\.mask_norm\.", r"mask_decoder.embedding_maskfeature.1."),
    (r"^mask_decoder\.mask_conv2\.", r"mask_decoder.embedding_maskfeature.3."),
)  # fmt: skip

#: The image encoder's names begin so in files of the hub; all others are ours.
_HUB = "vision_encoder."

#: The matrix of the positional encoding, which the hub keeps twice or under either name.
_MATRIX, _HUB_MATRIX = (
    "prompt_encoder.shared_embedding.positional_embedding",
    "shared_image_embedding.positional_embedding",
)


def published_names(names: Iterable[str]) -> dict[str, str]:
    """Our tensor names -> the names in checkpoints of segment-anything's layout; one to one."""
    return {name: _published(name) for name in names}


def hub_names(names: Iterable[str]) -> dict[str, str]:
    """Our tensor names -> the names in files of the model hub (``SamModel``, ``SamHQModel`` of transformers); one to one."""
    return {name: re.sub(r"^image_encoder\.", _HUB, name) for name in names}


def from_hub(state: Mapping[str, Tensor], origin: str) -> dict[str, Tensor]:
    """Tensors under the names of the hub -> the same under those of segment-anything; any others as they are.

    Raises:
        ModelError: the two copies of the positional encoding's matrix differ.
    """
    if not any(name.startswith(_HUB) for name in state):
        return dict(state)
    tensors = dict(state)
    twin = tensors.pop(_HUB_MATRIX, None)
    if twin is not None and not torch.equal(tensors.setdefault(_MATRIX, twin), twin):
        raise ModelError(
            f"{origin} holds two positional encodings that differ, {_MATRIX} and {_HUB_MATRIX}; get the file again."
        )
    return {_published(re.sub(rf"^{_HUB}", "image_encoder.", name)): tensor for name, tensor in tensors.items()}


def _published(name: str) -> str:
    for ours, theirs in _RENAMES:
        renamed, count = re.subn(ours, theirs, name)
        if count:
            return renamed
    return name
