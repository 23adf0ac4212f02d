"""Hiera and its neck against transformers, and packed embeddings."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from transformers import Sam2VisionConfig, Sam2VisionModel

from samaritan.models._hiera import HieraConfig, HieraEncoder
from samaritan.models._levels import pack, unpack

CONFIG = HieraConfig(width=8, depths=(1, 2, 3, 1), windows=(8, 4, 6, 3), whole=(4,), background=3, hidden=32)
SIDE = 128


@pytest.fixture(scope="module")
def theirs() -> nn.Module:
    backbone = {
        "model_type": "sam2_hiera_det_model", "hidden_size": 8, "embed_dim_per_stage": list(CONFIG.widths),
        "num_attention_heads_per_stage": [1, 2, 4, 8], "blocks_per_stage": list(CONFIG.depths),
        "window_size_per_stage": list(CONFIG.windows), "global_attention_blocks": list(CONFIG.whole),
        "window_positional_embedding_background_size": [3, 3], "image_size": [SIDE, SIDE],
    }  # fmt: skip
    model: nn.Module = Sam2VisionModel(
        Sam2VisionConfig(backbone_config=backbone, backbone_channel_list=list(CONFIG.widths[::-1]), fpn_hidden_size=32)
    )
    generator = torch.Generator().manual_seed(0)
    values = {
        n: torch.randn(t.shape, generator=generator) / max(t[0].numel(), 1) ** 0.5
        for n, t in model.state_dict().items()
    }
    model.load_state_dict(values)
    return model.eval()


@pytest.fixture(scope="module")
def ours(theirs: nn.Module) -> HieraEncoder:
    encoder = HieraEncoder(CONFIG)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        projections = {n: torch.randn_like(t) for n, t in encoder.state_dict().items() if ".conv_s" in n}
    encoder.load_state_dict(theirs.state_dict() | projections, strict=True)
    return encoder.eval()


@pytest.fixture(scope="module")
def pixels() -> Tensor:
    return torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(3))


def test_all_levels_are_those_of_transformers(theirs: nn.Module, ours: HieraEncoder, pixels: Tensor) -> None:
    with torch.no_grad():
        finest, finer, image = theirs(pixels).fpn_hidden_states
        neck = ours.neck
        expected = image, neck.conv_s1(finer), neck.conv_s0(finest)
        packed = ours(pixels)
    assert packed.shape == (2, 128, SIDE // 16, SIDE // 16)
    for one, other in zip(unpack(packed), expected, strict=True):
        assert other.std() > 0.1
        assert (one - other).abs().max() <= 1e-4 * other.abs().max()


def test_projections_in_a_row_are_one_for_inference_and_two_for_training(ours: HieraEncoder, pixels: Tensor) -> None:
    with torch.no_grad():
        once = ours(pixels)
    twice = ours(pixels)
    assert twice.requires_grad
    assert (once - twice).abs().max() <= 1e-4 * once.abs().max()


def test_maps_that_windows_do_not_divide(ours: HieraEncoder) -> None:
    """96 pixels: 24, 12, 6 and 3 tokens to a side; every window but the first stage's is filled up."""
    with torch.no_grad():
        found = ours(torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(3)))
    assert found.shape == (1, 128, 6, 6)
    assert bool(found.isfinite().all())


def test_packing_can_be_undone() -> None:
    maps = torch.arange(2 * 8 * 6.0).view(2, 8, 2, 3), torch.rand(2, 2, 4, 6), torch.rand(2, 1, 8, 12)
    packed = pack(*maps)
    assert packed.shape == (2, 32, 2, 3)
    assert all(torch.equal(one, other) for one, other in zip(unpack(packed), maps, strict=True))
    assert torch.equal(pack(*unpack(packed)), packed)


def test_a_packed_cell_holds_its_places() -> None:
    """Channel 0 of the finer map at place (y, x) = (1, 0) of cell (0, 1), behind the 8 of the image and place by place."""
    finer = torch.zeros(1, 2, 2, 4)
    finer[0, 0, 1, 2] = 1
    packed = pack(torch.zeros(1, 8, 1, 2), finer, torch.zeros(1, 1, 4, 8))
    assert packed.nonzero().tolist() == [[0, 8 + 2 * 2, 0, 1]]
    finest = torch.zeros(1, 1, 4, 8)
    finest[0, 0, 3, 1] = 1  # cell (0, 0), place (1, 0), place (1, 1)
    packed = pack(torch.zeros(1, 8, 1, 2), torch.zeros(1, 2, 2, 4), finest)
    assert packed.nonzero().tolist() == [[0, 8 + 8 + 4 * 2 + 3, 0, 0]]
