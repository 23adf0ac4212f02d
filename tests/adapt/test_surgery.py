"""Changes to a network: what is chosen, what trains, and that everything can be taken back."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from samaritan.adapt import Surgery, Wrapper
from samaritan.core import ModelError, UsageError
from samaritan.models import load_model
from samaritan.models._anatomy import EncoderPlan
from samaritan.models._sam import SamSegmenter
from samaritan.models._sam_network import SamNetwork


class Twice(Wrapper):
    """Doubles what its base gives."""

    def forward(self, *inputs: Any, **named: Any) -> Any:
        result = self.base(*inputs, **named)
        return 2 * result if isinstance(result, Tensor) else (2 * result[0], *result[1:])


def _names(network: nn.Module) -> dict[str, tuple[int, bool]]:
    return {name: (id(p), p.requires_grad) for name, p in network.named_parameters()}


# blocks by name
@pytest.mark.parametrize(
    ("which", "numbers"),
    [
        ("all", [0, 1, 2]), ("none", []), ("last:2", [1, 2]), ("first:1", [0]), ("last:9", [0, 1, 2]), ("0", [0]),
        ("-1", [2]), ("0,-1", [0, 2]), ("2,0", [0, 2]), ("1,1,-2", [1]), (" 1, 2", [1, 2]),
    ],
)  # fmt: skip
def test_blocks_by_name(tiny_litemedsam: SamSegmenter, which: str, numbers: list[int]) -> None:
    assert [block.index for block in Surgery(tiny_litemedsam.network).blocks(which)] == numbers


def test_global_blocks_are_those_without_windows(tiny_sam: SamSegmenter, tiny_litemedsam: SamSegmenter) -> None:
    assert [block.index for block in Surgery(tiny_sam.network).blocks("global")] == [1]
    with pytest.raises(UsageError, match="'global' names no encoder block; this network has 3"):
        Surgery(tiny_litemedsam.network).blocks("global")


@pytest.mark.parametrize(
    "which", ["", "3", "-4", "0,3", "first", "last:", "last:x", "last:0", "first:-1", "last:-1", "1.5", "0;1", "every"]
)
def test_block_names_that_mean_nothing(tiny_litemedsam: SamSegmenter, which: str) -> None:
    with pytest.raises(UsageError, match="has 3"):
        Surgery(tiny_litemedsam.network).blocks(which)


@settings(max_examples=30)
@given(st.text(alphabet="0123456789-,: flastir", max_size=9))
def test_any_text_chooses_or_is_refused(which: str) -> None:
    blocks = Surgery(_VIT).blocks
    try:
        numbers = [block.index for block in blocks(which)]
    except UsageError:
        return
    assert numbers == sorted(set(numbers))
    assert set(numbers) <= {0, 1}


def _vit() -> SamNetwork:
    network = load_model("tiny-sam").network
    assert isinstance(network, SamNetwork)
    return network


_VIT = _vit()


def test_blocks_are_found_again_when_their_parts_are_wrapped(tiny_sam: SamSegmenter) -> None:
    surgery = Surgery(tiny_sam.network)
    before = surgery.blocks()
    for block in before:
        surgery.wrap(block.at("attention"), Twice)

    assert surgery.blocks() == before


# wrapping
def test_a_wrapper_takes_the_place_and_the_base_comes_back(tiny_sam: SamSegmenter) -> None:
    network, path = tiny_sam.network, "image_encoder.layers.0.mlp.lin1"
    base, names = network.get_submodule(path), _names(network)
    surgery = Surgery(network)
    surgery.wrap(path, Twice)

    assert surgery.module(path) is surgery.wrappers[path]
    assert surgery.wrappers[path].base is base
    tokens = torch.rand(2, 32)
    assert torch.equal(network.get_submodule(path)(tokens), 2 * base(tokens))
    surgery.take_back()
    assert network.get_submodule(path) is base
    assert _names(network) == names


@pytest.mark.parametrize("outer_first", [True, False])
def test_a_part_of_what_is_wrapped(tiny_sam: SamSegmenter, outer_first: bool) -> None:
    network, block = tiny_sam.network, "image_encoder.layers.0"
    names, keys = _names(network), list(network.state_dict())
    pixels = torch.rand(1, 3, 128, 128)
    with torch.no_grad():
        plain = network.encode(pixels)
        surgery = Surgery(network)
        paths = [f"{block}.attn", f"{block}.attn.proj"]
        for path in paths if outer_first else reversed(paths):
            surgery.wrap(path, Twice)
        both = network.encode(pixels)
        inner = surgery.wrappers[f"{block}.attn.proj"]
        surgery.place(
            f"{block}.attn.proj", inner.base
        )  # as folding does: the part, not a name on the wrapper around it
        outer = network.encode(pixels)
        surgery.place(f"{block}.attn.proj", inner)
        assert torch.equal(network.encode(pixels), both)
        surgery.take_back()
        assert torch.equal(network.encode(pixels), plain)
    assert not torch.allclose(both, plain)
    assert not torch.allclose(both, outer)
    assert not torch.allclose(outer, plain)
    assert _names(network) == names
    assert list(network.state_dict()) == keys


def test_one_module_takes_one_change(tiny_sam: SamSegmenter) -> None:
    surgery = Surgery(tiny_sam.network)
    surgery.wrap("mask_decoder", Twice)
    with pytest.raises(UsageError, match="mask_decoder is wrapped already"):
        surgery.wrap("mask_decoder", Twice)


def test_tokens_are_added_and_go(tiny_sam: SamSegmenter) -> None:
    surgery, source = Surgery(tiny_sam.network), nn.Identity()
    surgery.add_tokens(source)

    assert list(tiny_sam.network.token_sources) == [source]
    surgery.take_back()
    assert not len(tiny_sam.network.token_sources)
    assert not surgery.undo


# parts that train
def test_parts_are_what_they_are_called(tiny_sam: SamSegmenter) -> None:
    def names(*parts: Any) -> set[str]:
        surgery = Surgery(tiny_sam.network)
        surgery.train(parts)
        return set(surgery.tuned)

    layers = [f"image_encoder.layers.{n}" for n in range(2)]
    assert names("norms") == {f"{b}.layer_norm{n}.{p}" for b in layers for n in (1, 2) for p in ("weight", "bias")}
    assert names("position") == {"image_encoder.pos_embed"}
    assert {name.split(".")[1] for name in names("neck")} == {"neck"}
    assert len(names("neck")) == 2 + 2 * 2
    assert all(name.startswith("mask_decoder.") for name in names("decoder"))
    assert "mask_decoder.iou_token.weight" in names("decoder")
    assert len(names("decoder-norms")) == 2 * (2 * 4 + 1)
    assert "prompt_encoder.shared_embedding.positional_embedding" not in names("prompts")
    assert "prompt_encoder.no_mask_embed.weight" in names("prompts")
    assert {name.rpartition(".")[2] for name in names("biases")} == {"bias"}
    assert names("neck", "norms", "biases", "position") < names("encoder")
    everything = {name for name, _ in tiny_sam.network.named_parameters()}
    assert everything - names("encoder", "decoder", "prompts") == {
        "prompt_encoder.shared_embedding.positional_embedding"
    }


def test_norms_of_a_convolutional_encoder(tiny_litemedsam: SamSegmenter) -> None:
    surgery = Surgery(tiny_litemedsam.network)
    surgery.train(["norms"])

    assert "image_encoder.patch_embed.seq.0.bn.weight" in surgery.tuned
    assert "image_encoder.layers.1.blocks.0.attn.norm.bias" in surgery.tuned
    assert not [name for name in surgery.tuned if "neck" in name or "running" in name]


def test_norms_are_found_inside_of_what_is_wrapped(tiny_litemedsam: SamSegmenter) -> None:
    plain, surgery = Surgery(tiny_litemedsam.network), Surgery(tiny_litemedsam.network)
    plain.train(["norms"])
    for block in surgery.blocks():
        surgery.wrap(block.at("attention"), Twice)
    surgery.train(["norms"])

    assert surgery.tuned.keys() == plain.tuned.keys()


def test_a_part_that_the_network_has_not(tiny_litemedsam: SamSegmenter) -> None:
    with pytest.raises(UsageError, match="no 'position' that could train; parts are decoder, prompts"):
        Surgery(tiny_litemedsam.network).train(["position"])


def test_blocks_train_as_a_whole(tiny_litemedsam: SamSegmenter) -> None:
    surgery = Surgery(tiny_litemedsam.network)
    surgery.train_blocks("0,-1")
    expected = [
        name
        for name, _ in tiny_litemedsam.network.named_parameters()
        if name.startswith(("image_encoder.layers.1.blocks.0.", "image_encoder.layers.3.blocks.0."))
    ]

    assert list(surgery.tuned) == expected
    assert "image_encoder.layers.1.blocks.0.attn.attention_biases" in expected


def test_what_was_trained_gets_its_values_back(tiny_sam: SamSegmenter) -> None:
    network = tiny_sam.network
    frozen = network.get_parameter("mask_decoder.iou_token.weight").requires_grad_(False)
    flags = {name: parameter.requires_grad for name, parameter in network.named_parameters()}
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    surgery = Surgery(network)
    surgery.freeze()
    assert not any(parameter.requires_grad for parameter in network.parameters())
    surgery.train(["neck", "decoder", "neck"])
    assert {name for name, p in network.named_parameters() if p.requires_grad} == surgery.tuned.keys()
    for parameter in surgery.tuned.values():
        parameter.data.add_(1)
        parameter.grad = torch.ones_like(parameter)
    surgery.take_back()

    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert {name: parameter.requires_grad for name, parameter in network.named_parameters()} == flags
    assert not frozen.requires_grad
    assert all(parameter.grad is None for parameter in network.parameters())


# an encoder that the package does not know
def test_a_plan_describes_any_encoder(toy: SamSegmenter, toy_plan: EncoderPlan) -> None:
    surgery = Surgery(toy.network, plan=toy_plan)

    assert [(b.path, b.width, b.heads) for b in surgery.blocks("last:2")] == [
        ("image_encoder.stack.1", 8, 2),
        ("image_encoder.stack.2", 8, 2),
    ]
    surgery.train(["neck", "position"])
    assert set(surgery.tuned) == {
        "image_encoder.where",
        *(f"image_encoder.head.{layer}.{kind}" for layer in ("conv", "norm") for kind in ("weight", "bias")),
    }
    surgery.train(["norms"])
    assert "image_encoder.stack.0.norm.weight" in surgery.tuned


def test_without_a_plan_what_needs_no_blocks_works(toy: SamSegmenter) -> None:
    surgery = Surgery(toy.network)
    surgery.train(["decoder", "prompts", "encoder", "biases", "decoder-norms"])

    assert "image_encoder.stack.0.sa.out.bias" in surgery.tuned
    for ask in (surgery.blocks, lambda: surgery.train(["norms"]), lambda: surgery.train_blocks("all")):
        with pytest.raises(ModelError, match="class ToyViT; describe it with an EncoderPlan"):
            ask()
