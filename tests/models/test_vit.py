"""SAM's image encoder against that of ``transformers``: the same names, the same function."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from samaritan.models import _vit
from samaritan.models._vit import ViT
from samaritan.models._vit_config import VIT_B, VIT_H, VIT_L, ViTConfig

#: A map of 10 tokens that is no multiple of the window, and one that is smaller than it.
CONFIG = ViTConfig(width=24, depth=3, heads=3, unwindowed=(1,), side=160, window=4, neck=16)
SMALL = ViTConfig(width=24, depth=2, heads=2, unwindowed=(1,), side=64, window=6, neck=16)


def theirs(config: ViTConfig) -> Any:
    from transformers.models.sam.configuration_sam import SamVisionConfig
    from transformers.models.sam.modeling_sam import SamVisionEncoder

    vision = SamVisionConfig(
        hidden_size=config.width, output_channels=config.neck, num_hidden_layers=config.depth,
        num_attention_heads=config.heads, mlp_dim=config.expansion * config.width, image_size=config.side,
        patch_size=config.patch, window_size=config.window, global_attn_indexes=list(config.unwindowed),
    )  # fmt: skip
    vision._attn_implementation = "eager"
    torch.manual_seed(0)
    encoder = SamVisionEncoder(vision)
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    encoder.train(False)
    return encoder


def pixels(config: ViTConfig) -> Tensor:
    return torch.randn(2, 3, config.side, config.side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("config", [CONFIG, SMALL])
@torch.no_grad()
def test_it_is_their_encoder(config: ViTConfig) -> None:
    reference, encoder = theirs(config), ViT(config)
    encoder.load_state_dict(reference.state_dict(), strict=True)
    expected = reference(pixels(config))[0]

    torch.testing.assert_close(encoder(pixels(config)), expected, atol=1e-5, rtol=1e-5)
    assert expected.std() > 0.1


@torch.no_grad()
def test_rows_of_queries_in_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    encoder = ViT(CONFIG)
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    whole = encoder(pixels(CONFIG))
    monkeypatch.setattr(_vit, "SCORES", 2 * 3 * 10 * 10 * 10 * 3)  # three of ten rows at a time
    torch.testing.assert_close(encoder(pixels(CONFIG)), whole, atol=1e-5, rtol=1e-5)
    monkeypatch.setattr(_vit, "SCORES", 1)
    torch.testing.assert_close(encoder(pixels(CONFIG)), whole, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_early_features_are_those_of_the_first_block_that_sees_all() -> None:
    torch.manual_seed(0)
    plain, encoder = ViT(CONFIG), ViT(ViTConfig(**{**vars(CONFIG), "early": True}))
    for parameter in plain.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    encoder.load_state_dict(plain.state_dict(), strict=True)
    seen: list[Tensor] = []
    encoder.layers[1].register_forward_hook(lambda *found: seen.append(found[2]))
    features = encoder(pixels(CONFIG))

    assert features.shape == (2, 16 + 24, 10, 10)
    assert torch.equal(features[:, :16], plain(pixels(CONFIG)))
    assert torch.equal(features[:, 16:], seen[0].permute(0, 3, 1, 2))


@pytest.mark.parametrize(
    ("config", "parameters"), [(VIT_B, 89_670_912), (VIT_L, 308_278_272), (VIT_H, 637_026_048)], ids=["b", "l", "h"]
)
def test_the_published_sizes(config: ViTConfig, parameters: int) -> None:
    with torch.device("meta"):
        encoder = ViT(config)
    assert sum(parameter.numel() for parameter in encoder.parameters()) == parameters
