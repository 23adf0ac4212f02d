from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.adapt._bottleneck import Behind, Beside, Bottleneck, norm_inside
from samaritan.models._anatomy import encoder_blocks
from samaritan.models._sam import SamSegmenter


class Pair(nn.Module):
    """An attention's answer: the tokens, doubled, and weights."""

    def forward(self, tokens: Tensor, add: float = 0.0) -> tuple[Tensor, str]:
        return 2 * tokens + add, "weights"


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(7))


def filled(width: int = 6, hidden: int = 3, **options: Any) -> Bottleneck:
    torch.manual_seed(0)
    return Bottleneck(width, hidden, start="released", **options)


@pytest.mark.parametrize(
    ("width", "hidden", "count"),
    [(768, 192, 295_872), (1024, 256, 525_568), (1280, 320, 820_800), (256, 64, 33_088)],
)
def test_counts_are_the_published_ones(width: int, hidden: int, count: int) -> None:
    with torch.device("meta"):
        adapter = Bottleneck(width, hidden)
    assert sum(p.numel() for p in adapter.parameters()) == count


@pytest.mark.parametrize("act", ["gelu", "relu"])
@pytest.mark.parametrize("skip", [False, True])
def test_formula(act: Any, skip: bool) -> None:
    adapter, x = filled(act=act, skip=skip), noise(2, 5, 6)
    middle = x @ adapter.down.weight.T + adapter.down.bias
    middle = functional.gelu(middle) if act == "gelu" else middle.clamp(min=0)
    expected = middle @ adapter.up.weight.T + adapter.up.bias
    torch.testing.assert_close(adapter(x), expected + x if skip else expected)


def test_from_zero_it_is_nothing_and_with_a_skip_the_identity() -> None:
    x = noise(4, 6)
    assert not Bottleneck(6, 3)(x).any()
    assert torch.equal(Bottleneck(6, 3, skip=True)(x), x)
    assert filled()(x).any()


def test_behind_takes_the_first_of_several_answers_and_passes_all_options() -> None:
    adapter, x = filled(), noise(2, 6)
    tokens, weights = Behind(Pair(), adapter)(x, add=1.0)
    torch.testing.assert_close(tokens, adapter(2 * x + 1))
    assert weights == "weights"
    torch.testing.assert_close(Behind(nn.Tanh(), adapter)(x), adapter(x.tanh()))


def test_beside_adds_with_a_scale_and_leaves_its_input_alone() -> None:
    adapter, x = filled(), noise(2, 6)
    before = x.clone()
    torch.testing.assert_close(Beside(nn.Identity(), adapter, 0.5)(x), x + 0.5 * adapter(x))
    assert torch.equal(x, before)


def test_beside_normalises_as_the_module_does() -> None:
    torch.manual_seed(0)
    base = nn.Sequential()
    base.add_module("norm", nn.LayerNorm(6))
    base.add_module("fc", nn.Linear(6, 6))
    adapter, x = filled(), 5 + noise(2, 6)
    normed = functional.layer_norm(x, (6,))
    found = Beside(base, adapter, 2.0, norm="norm")(x)
    torch.testing.assert_close(found, base.get_submodule("fc")(normed) + 2 * adapter(normed))


def test_the_norm_is_where_the_plan_says(tiny_sam: SamSegmenter, tiny_litemedsam: SamSegmenter) -> None:
    assert norm_inside(encoder_blocks(tiny_sam.network)[0]) is None
    block = encoder_blocks(tiny_litemedsam.network)[0]
    inside = norm_inside(block)
    assert inside is not None
    mlp = tiny_litemedsam.network.get_submodule(block.at("mlp"))
    assert isinstance(mlp.get_submodule(inside), nn.LayerNorm)
