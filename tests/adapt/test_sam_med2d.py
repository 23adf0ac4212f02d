"""SAM-Med2D: counts, the adapter by hand, grids of odd size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn import functional

from samaritan.adapt import attach
from samaritan.core import Box, ModelError, PromptSet
from samaritan.models._gated_convolutions import GatedConvolutions
from samaritan.models._sam import SamSegmenter

PER_BLOCK = 15_042_048


def test_counts_are_the_published_ones(vit_network: Callable[[str], SamSegmenter]) -> None:
    with torch.device("meta"):
        counts = attach(vit_network("b"), "sam-med2d").counts()
        single = attach(vit_network("b"), "sam-med2d", {"blocks": "0"}).counts()
    assert counts.own == 12 * PER_BLOCK == 180_504_576
    assert counts.trained == counts.own + 4_058_340 + 6_220
    assert single.own == PER_BLOCK


def test_the_adapter_by_hand() -> None:
    torch.manual_seed(0)
    adapter, y = GatedConvolutions(4, 2), torch.randn(2, 6, 8, 4)
    mean = y.mean(dim=(1, 2))
    gate = torch.sigmoid((mean @ adapter.squeeze.weight.T).clamp(min=0) @ adapter.excite.weight.T)
    gated = (y * gate[:, None, None]).permute(0, 3, 1, 2)
    coarse = functional.conv2d(gated, adapter.down.weight, stride=2, padding=1).clamp(min=0)
    assert coarse.shape[2:] == (3, 4)
    fine = functional.conv_transpose2d(coarse, adapter.up.weight, stride=2, padding=1).clamp(min=0)
    expected = functional.layer_norm(y + fine.permute(0, 2, 3, 1), (4,))
    torch.testing.assert_close(adapter(y), expected)


@pytest.mark.parametrize("size", [(16, 16), (5, 7), (1, 1), (8, 3)])
def test_any_grid_is_kept_and_only_its_end_is_cropped(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    adapter, y = GatedConvolutions(4, 2), torch.randn(2, *size, 4)
    assert adapter(y).shape == y.shape
    # a convolution of stride 2 begins at the first token whatever the size, so a far end changes nothing at the start
    longer = torch.cat([y, torch.zeros(2, 4, size[1], 4)], dim=1)
    gate = adapter.gate(y)
    adapter.gate = lambda tokens: gate  # type: ignore[method-assign]
    torch.testing.assert_close(adapter(longer)[:, : size[0] - 1], adapter(y)[:, : size[0] - 1])


def test_the_gate_lies_between_none_and_all_and_knows_its_own_picture_alone() -> None:
    torch.manual_seed(0)
    adapter, y = GatedConvolutions(8, 2), 3 * torch.randn(3, 4, 5, 8)
    gate = adapter.gate(y)
    assert gate.shape == (3, 1, 1, 8)
    assert bool(((gate > 0) & (gate < 1)).all())
    torch.testing.assert_close(adapter.gate(y[1:2]), gate[1:2])


def test_tokens_without_a_grid_are_refused() -> None:
    with pytest.raises(ModelError, match="convolves"):
        GatedConvolutions(4, 2)(torch.zeros(1, 6, 4))


@pytest.mark.parametrize("fixture", ["tiny_sam", "tiny_litemedsam"])
def test_released_values_change_answers_and_zeros_do_not(fixture: str, request: pytest.FixtureRequest) -> None:
    segmenter = request.getfixturevalue(fixture)
    picture = np.random.default_rng(0).uniform(0, 255, (31, 22, 3)).astype(np.float32)

    def answer() -> torch.Tensor:
        prompt = PromptSet(box=Box([3, 4], [20, 15]))
        return torch.from_numpy(segmenter.decode(segmenter.encode(picture), [prompt])[0].logits)

    plain = answer()
    for start, changes in (("zero", False), ("released", True)):
        adapted = attach(segmenter, "sam-med2d", {"start": start})
        adapted.train(False)
        assert bool((answer() - plain).abs().max() > 1e-6) == changes
        adapted.detach()
    assert torch.equal(answer(), plain)


@pytest.mark.parametrize("fixture", ["tiny_sam", "tiny_litemedsam"])
def test_it_stands_beside_each_mlp(fixture: str, request: pytest.FixtureRequest) -> None:
    segmenter = request.getfixturevalue(fixture)
    adapted = attach(segmenter, "sam-med2d", {"start": "released"})
    block = adapted.surgery.blocks("-1")[0]
    mlp = segmenter.network.get_submodule(block.at("mlp"))
    tokens = torch.randn(1, 3, 4, block.width, generator=torch.Generator().manual_seed(0))
    inside = block.plan.mlp_norm is not None
    normed = mlp.base.norm(tokens) if inside else tokens
    torch.testing.assert_close(mlp(tokens), mlp.base(tokens) + mlp.adapter(normed))
