"""Tensor names: ours (those of ``transformers``) against those of SAM checkpoints, both ways."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: (our name, published name), as regular expressions; at most one fits a name, and names that none fits are the same.
_RENAMES: tuple[tuple[str, str], ...] = (
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
    (r"^(mask_decoder\.(?:output_hypernetworks_mlps\.\d+|iou_prediction_head))\.proj_in\.", r"\1.layers.0."),
    (r"^(mask_decoder\.(?:output_hypernetworks_mlps\.\d+|iou_prediction_head))\.layers\.0\.", r"\1.layers.1."),
    (r"^(mask_decoder\.(?:output_hypernetworks_mlps\.\d+|iou_prediction_head))\.proj_out\.", r"\1.layers.2."),
)  # fmt: skip


def published_names(names: Iterable[str]) -> dict[str, str]:
    """Our tensor names -> the names in checkpoints of segment-anything's layout; one to one.

    The image encoder's names are its own affair and stay as they are.
    """
    return {name: _published(name) for name in names}


def _published(name: str) -> str:
    for ours, theirs in _RENAMES:
        renamed, count = re.subn(ours, theirs, name)
        if count:
            return renamed
    return name
