"""Tensor names, both ways."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from samaritan.models import litemedsam, tiny_sam
from samaritan.models._keys import published_names
from samaritan.models._sam_network import SamNetwork


@pytest.mark.parametrize("build", [litemedsam.build_network, tiny_sam.RECIPE.build])
def test_the_map_is_one_to_one(build: Callable[[], SamNetwork]) -> None:
    names = published_names(build().state_dict())

    assert len(set(names.values())) == len(names)


def test_the_published_names_are_segment_anythings() -> None:
    ours = {
        "prompt_encoder.shared_embedding.positional_embedding": "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix",
        "prompt_encoder.point_embed.3.weight": "prompt_encoder.point_embeddings.3.weight",
        "prompt_encoder.mask_embed.layer_norm2.bias": "prompt_encoder.mask_downscaling.4.bias",
        "mask_decoder.transformer.layers.1.layer_norm4.weight": "mask_decoder.transformer.layers.1.norm4.weight",
        "mask_decoder.output_hypernetworks_mlps.2.proj_in.weight": "mask_decoder.output_hypernetworks_mlps.2.layers.0.weight",
        "mask_decoder.output_hypernetworks_mlps.2.layers.0.weight": "mask_decoder.output_hypernetworks_mlps.2.layers.1.weight",
        "mask_decoder.iou_prediction_head.proj_out.bias": "mask_decoder.iou_prediction_head.layers.2.bias",
        "mask_decoder.iou_token.weight": "mask_decoder.iou_token.weight",
        "image_encoder.layers.2.blocks.0.attn.norm.weight": "image_encoder.layers.2.blocks.0.attn.norm.weight",
    }

    assert published_names(ours) == ours
