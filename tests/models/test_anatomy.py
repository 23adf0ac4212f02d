"""Where the parts of a network lie, and its encoder as a chain of steps."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from samaritan.core import ModelError
from samaritan.models import load_model
from samaritan.models._anatomy import (
    EncoderPlan,
    decoder_attentions,
    decoder_blocks,
    encoder_blocks,
    first_changed,
    neck_paths,
    plan_of,
    run,
    steps,
)
from samaritan.models._sam_network import DecoderConfig, SamNetwork

ROLES = ("attention", "qkv", "proj", "mlp", "lin1", "lin2")


@pytest.fixture(params=["tiny-litemedsam", "tiny-sam", "tiny-sam-hq", "tiny-sam-med2d", "tiny-sam2"])
def network(request: pytest.FixtureRequest) -> SamNetwork:
    found = load_model(request.param).network
    assert isinstance(found, SamNetwork)
    return found


def _network(name: str) -> SamNetwork:
    found = load_model(name).network
    assert isinstance(found, SamNetwork)
    return found


def test_blocks_of_both_architectures() -> None:
    vit, tiny_vit = encoder_blocks(_network("tiny-sam")), encoder_blocks(_network("tiny-litemedsam"))

    assert [b.path for b in vit] == ["image_encoder.layers.0", "image_encoder.layers.1"]
    assert [(b.index, b.width, b.heads) for b in vit] == [(0, 32, 2), (1, 32, 2)]
    assert [b.path for b in tiny_vit] == [f"image_encoder.layers.{stage}.blocks.0" for stage in (1, 2, 3)]
    assert [(b.index, b.width, b.heads) for b in tiny_vit] == [(0, 8, 1), (1, 16, 2), (2, 16, 2)]
    hiera = encoder_blocks(_network("tiny-sam2"))
    assert [b.path for b in hiera] == [f"image_encoder.backbone.blocks.{n}" for n in range(5)]
    assert [(b.width, b.heads) for b in hiera] == [(8, 1), (16, 2), (32, 4), (32, 4), (64, 8)]
    assert not vit[0].plan.interleaved
    assert tiny_vit[0].plan.interleaved


def test_every_role_is_a_module_of_the_right_size(network: SamNetwork) -> None:
    for block in encoder_blocks(network):
        parts = {role: network.get_submodule(block.at(role)) for role in ROLES}
        sizes = {role: (m.in_features, m.out_features) for role, m in parts.items() if isinstance(m, nn.Linear)}
        width, hidden, inputs = block.width, sizes["lin1"][1], sizes["qkv"][0]
        assert inputs in (width, width // 2)  # half where a stage of Hiera begins
        assert sizes == {
            "qkv": (inputs, 3 * width), "proj": (width, width), "lin1": (width, hidden), "lin2": (hidden, width),
        }  # fmt: skip
        for norm, role in ((block.plan.mlp_norm, "lin1"), (block.plan.attention_norm, "qkv")):
            if norm is not None:
                assert isinstance(network.get_submodule(f"{block.path}.{norm}"), nn.LayerNorm), role


def test_the_decoder(network: SamNetwork) -> None:
    blocks, attentions = decoder_blocks(network), decoder_attentions(network)

    assert [(b.index, b.width) for b in blocks] == [(0, 32), (1, 32)]
    for block in blocks:
        assert block.token_to_image in attentions
        assert network.get_submodule(block.mlp) is not network.get_submodule(block.token_to_image)
        assert isinstance(network.get_submodule(block.image_norm), nn.LayerNorm)
    assert len(attentions) == len(set(attentions)) == 7
    for path in attentions:
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            assert isinstance(network.get_submodule(f"{path}.{name}"), nn.Linear)


def test_the_neck_and_the_position() -> None:
    expected = (("tiny-sam", "pos_embed", 2), ("tiny-litemedsam", None, 2), ("tiny-sam2", "backbone.pos_embed", 4))
    for name, position, convolutions in expected:
        network = _network(name)
        assert all(isinstance(network.get_submodule(path), nn.Conv2d) for path in neck_paths(network))
        assert len(neck_paths(network)) == convolutions
        assert plan_of(network).position == position


def test_an_unknown_encoder_needs_a_plan() -> None:
    network = SamNetwork(nn.Sequential(nn.Conv2d(3, 32, 8, 8)), side=64, cells=8, config=DecoderConfig(32, 2, 32))
    with pytest.raises(ModelError, match="class Sequential; describe it with an EncoderPlan"):
        encoder_blocks(network)
    with pytest.raises(ModelError, match="nothing to attach to"):
        encoder_blocks(network, EncoderPlan(block=r"\d+"))
    with pytest.raises(ModelError, match="nothing to attach to"):
        encoder_blocks(network, EncoderPlan(block=r"no such"))

    chain = steps(network)
    pixels = torch.rand(1, 3, 64, 64)
    assert [name for name, _ in chain] == ["image_encoder"]
    assert torch.equal(run(chain, pixels), network.encode(pixels))


@torch.no_grad()
def test_the_steps_compose_to_the_encoder(network: SamNetwork) -> None:
    pixels = torch.rand(2, 3, network.cells * 16, network.cells * 16, generator=torch.Generator().manual_seed(0))
    pixels = nn.functional.interpolate(pixels, size=_side(network))
    chain = steps(network)

    assert torch.equal(run(chain, pixels), network.encode(pixels))
    assert [network.get_submodule(name) for name, _ in chain]  # every name is a path
    for cut in range(len(chain) + 1):
        assert torch.equal(run(chain[cut:], run(chain[:cut], pixels)), network.encode(pixels))


@torch.no_grad()
def test_early_features_make_a_single_step() -> None:
    network = _network("tiny-sam-hq")
    pixels = torch.rand(1, 3, 128, 128)
    assert [name for name, _ in steps(network)] == ["image_encoder"]
    assert torch.equal(run(steps(network), pixels), network.encode(pixels))
    assert first_changed(steps(network), ["mask_decoder.hq_token.weight"]) == 1
    assert first_changed(steps(network), ["image_encoder.layers.1.mlp.lin1"]) == 0


def _side(network: SamNetwork) -> tuple[int, int]:
    side = int(network.prompt_encoder.input_image_size)
    return side, side


@torch.no_grad()
def test_the_steps_see_what_stands_there_now(network: SamNetwork) -> None:
    class Doubled(nn.Module):
        def __init__(self, base: nn.Module) -> None:
            super().__init__()
            self.base = base

        def forward(self, features: Tensor) -> Tensor:
            doubled: Tensor = 2 * self.base(features)
            return doubled

    pixels, encoder = torch.rand(1, 3, *_side(network)), network.image_encoder
    before = network.encode(pixels)
    encoder.neck = Doubled(network.get_submodule("image_encoder.neck"))
    after = run(steps(network), pixels)
    # early features of SAM-HQ pass by the neck
    early = getattr(getattr(encoder, "config", None), "early", False)
    behind = network.mask_decoder.hidden_size if early else None
    assert torch.equal(after[:, :behind], 2 * before[:, :behind])
    assert behind is None or torch.equal(after[:, behind:], before[:, behind:])


@pytest.mark.parametrize(
    ("name", "paths", "number"),
    [
        ("tiny-sam", [], 4),
        ("tiny-sam", ["mask_decoder.transformer.layers.0.mlp"], 4),
        ("tiny-sam", ["image_encoder.neck.conv1"], 3),
        ("tiny-sam", ["image_encoder.neck.conv1", "image_encoder.layers.1.attn.qkv"], 2),
        ("tiny-sam", ["image_encoder.layers.0"], 1),
        ("tiny-sam", ["image_encoder.pos_embed"], 0),
        ("tiny-sam", ["image_encoder.patch_embed.projection.bias"], 0),
        ("tiny-litemedsam", ["image_encoder.layers.3.blocks.0.mlp.fc1"], 7),
        ("tiny-litemedsam", ["image_encoder.layers.0.downsample.conv1.bn.weight"], 2),
    ],
)
def test_the_first_step_that_changes(name: str, paths: list[str], number: int) -> None:
    assert first_changed(steps(_network(name)), paths) == number


def test_a_number_is_not_the_beginning_of_another() -> None:
    chain = [(f"image_encoder.layers.{n}", lambda features: features) for n in range(12)]

    assert first_changed(chain, ["image_encoder.layers.11.attn"]) == 11
