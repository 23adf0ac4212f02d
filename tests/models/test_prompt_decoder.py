"""The decoder for many prompts on one picture against transformers' own, part by part and as a whole."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from samaritan.models import Segmenter, load_model
from samaritan.models._mask_decoder import matrix
from samaritan.models._prompt_decoder import (
    Cells,
    PictureSide,
    _first_layer,
    _second_layer,
    decode,
    prepare,
)
from samaritan.models._prompt_tensors import PromptTensors
from samaritan.models._sam_network import SamNetwork

#: Largest difference of logits over the largest logit.
TOLERANCE = 1e-4


def _network(segmenter: Segmenter) -> SamNetwork:
    assert isinstance(segmenter.network, SamNetwork)
    return segmenter.network


MODELS = ("tiny-litemedsam", "tiny-sam", "litemedsam")
#: Model, kind of prompt, candidates; the real network is slow and gets two.
QUESTIONS = [
    *product(MODELS[:2], ("box", "point", "points", "box and points", "nothing"), (False, True)),
    ("litemedsam", "box", False),
    ("litemedsam", "points", True),
]


@pytest.fixture(params=MODELS)
def network(request: pytest.FixtureRequest, litemedsam: Segmenter) -> SamNetwork:
    return _network(litemedsam if request.param == "litemedsam" else load_model(request.param))


def _features(network: SamNetwork) -> Tensor:
    return torch.randn(network.position_grid.shape, generator=torch.Generator().manual_seed(0))


def _prompts(network: SamNetwork, kind: str, count: int) -> PromptTensors:
    generator = torch.Generator().manual_seed(1)
    side = network.prompt_encoder.input_image_size
    points = {"box": 0, "point": 1, "points": 3, "box and points": 2, "nothing": 0}[kind]
    lows = torch.rand(count, 1, 2, generator=generator) * side / 2
    boxes = torch.cat([lows, lows + torch.rand(count, 1, 2, generator=generator) * side / 2], dim=2)
    return PromptTensors(
        points=torch.rand(count, 1, points, 2, generator=generator) * side if points else None,
        labels=torch.randint(0, 2, (count, 1, points), generator=generator) if points else None,
        boxes=boxes if "box" in kind else None,
        texts=(None,) * count,
    )


def _side(network: SamNetwork, features: Tensor) -> PictureSide:
    empty = network.prompt_encoder.no_mask_embed.weight
    return prepare(network.mask_decoder, empty, network.position_grid, features)


def _quick(network: SamNetwork, features: Tensor, prompts: PromptTensors, multimask: bool) -> tuple[Tensor, Tensor]:
    sparse, _ = network.embed_prompts(prompts)
    return decode(network.mask_decoder, _side(network, features), sparse, prompts.count, multimask=multimask)


@pytest.mark.parametrize(("network", "kind", "multimask"), QUESTIONS, indirect=["network"])
@torch.no_grad()
def test_it_answers_as_the_published_decoder(network: SamNetwork, kind: str, multimask: bool) -> None:
    features, prompts = _features(network), _prompts(network, kind, 2)
    expected, rated = network.decode(features, prompts, multimask=multimask)
    logits, quality = _quick(network, features, prompts, multimask)

    assert logits.shape == expected.shape
    assert (logits - expected).abs().max() <= TOLERANCE * expected.abs().max()
    assert (quality - rated).abs().max() <= TOLERANCE
    differ = (logits > 0) != (expected > 0)
    assert expected[differ].abs().amax() <= TOLERANCE if differ.any() else True


@torch.no_grad()
def test_the_cells_are_those_of_both_layers(network: SamNetwork) -> None:
    """Written out, the sums of few rows are what transformers' layers make of the picture."""
    features, prompts = _features(network), _prompts(network, "box", 2)
    decoder: Any = network.mask_decoder
    seen: list[tuple[Tensor, Tensor]] = []
    hooks = [
        layer.register_forward_hook(lambda _m, _a, out: seen.append((out[0], out[1])))
        for layer in decoder.transformer.layers
    ]
    network.decode(features, prompts, multimask=False)
    for hook in hooks:
        hook.remove()

    side, (sparse, _) = _side(network, features), network.embed_prompts(prompts)
    assert sparse is not None
    shared = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight]).expand(2, 1, -1, -1)
    tokens = torch.cat([shared, sparse], dim=2)
    one, two = decoder.transformer.layers
    queries, value, cells = _first_layer(one, side, tokens)
    raw = features[0].flatten(1) + network.prompt_encoder.no_mask_embed.weight.T
    first = raw + one.cross_attn_image_to_token.out_proj.bias[:, None]
    first = first - first.mean(0)
    _same_layer(seen[0], queries, _written_out(cells, first, one.layer_norm4))

    second = one.layer_norm4.weight[:, None] * first
    queries, cells = _second_layer((one, two), side, tokens=tokens, queries=queries, value=value, cells=cells)
    _same_layer(seen[1], queries, _written_out(cells, second - second.mean(0), two.layer_norm4))


def _written_out(cells: Cells, picture: Tensor, norm: Any) -> Tensor:
    """(K, P, C) cells behind ``norm``."""
    rows = cells.own.mT * picture.T + cells.shares.mT @ cells.spread
    return rows * norm.weight + norm.bias  # type: ignore[no-any-return]


def _same_layer(expected: tuple[Tensor, Tensor], queries: Tensor, cells: Tensor) -> None:
    assert torch.allclose(queries, expected[0], atol=2e-5)
    assert torch.allclose(cells, expected[1][:, 0], atol=5e-5)


@torch.no_grad()
def test_a_batch_is_its_singles(network: SamNetwork) -> None:
    features, prompts = _features(network), _prompts(network, "box", 3)
    assert prompts.boxes is not None
    together, _ = _quick(network, features, prompts, False)
    for number, logits in enumerate(together):
        alone, _ = _quick(network, features, PromptTensors(boxes=prompts.boxes[number : number + 1]), False)
        assert (logits - alone[0]).abs().max() <= TOLERANCE


@torch.no_grad()
def test_the_first_up_scaling_is_a_matrix() -> None:
    decoder = _network(load_model("tiny-litemedsam")).mask_decoder
    cells = torch.randn(1, decoder.hidden_size, 2, 3)
    expected = decoder.upscale_conv1(cells) - decoder.upscale_conv1.bias.view(1, -1, 1, 1)

    found = (matrix(decoder.upscale_conv1) @ cells[0].flatten(1)).view(2, 2, -1, 2, 3)

    assert torch.allclose(found.permute(2, 3, 0, 4, 1).reshape(expected.shape), expected, atol=1e-6)
