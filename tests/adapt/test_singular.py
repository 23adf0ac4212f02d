"""Singular values that train: what S-SAM says about the weight, and when it is built anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from samaritan.adapt._singular import Singular


def linear(outputs: int = 6, inputs: int = 4, seed: int = 0) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return layer.requires_grad_(False)


def fill(layer: Singular, scale: Tensor | float, shift: Tensor | float) -> None:
    with torch.no_grad():
        layer.scale.copy_(torch.as_tensor(scale).expand_as(layer.scale))
        layer.shift.copy_(torch.as_tensor(shift).expand_as(layer.shift))


def test_a_diagonal_weight_by_hand() -> None:
    base = nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        base.weight.copy_(torch.diag(torch.tensor([3.0, 1.0])))
    layer = Singular(base)
    fill(layer, torch.tensor([2.0, 1.0]), torch.tensor([0.0, -2.0]))
    torch.testing.assert_close(layer.weight(), torch.diag(torch.tensor([6.0, 0.0])))


def test_the_weight_is_the_base_s_to_the_last_bit_before_training() -> None:
    for base in (linear(6, 4), linear(3, 7), nn.Conv2d(5, 4, 3)):
        assert torch.equal(Singular(base).weight(), base.weight)


def test_zero_and_very_negative_values_give_no_weight_and_the_bias_stays() -> None:
    layer = Singular(linear())
    fill(layer, 0.0, 0.0)
    torch.testing.assert_close(layer.weight(), torch.zeros(6, 4), atol=1e-5, rtol=0)
    fill(layer, 1.0, -2 * float(layer.sigma.max()))
    torch.testing.assert_close(layer.weight(), torch.zeros(6, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(layer(torch.ones(1, 4))[0], layer.base.bias, atol=1e-5, rtol=0)


def test_a_constant_scale_scales_the_weight() -> None:
    layer = Singular(linear())
    fill(layer, 2.5, 0.0)
    torch.testing.assert_close(layer.weight(), 2.5 * layer.base.weight, atol=1e-5, rtol=1e-5)


@settings(max_examples=15)
@given(st.integers(2, 8), st.integers(2, 8), st.integers(0, 100))
def test_singular_values_are_scaled_shifted_and_cut(outputs: int, inputs: int, seed: int) -> None:
    layer = Singular(linear(outputs, inputs, seed))
    generator = torch.Generator().manual_seed(seed)
    scale, shift = torch.randn(2, len(layer.sigma), generator=generator)
    fill(layer, scale, shift)
    wanted = torch.relu(scale * layer.sigma + shift)
    found = torch.linalg.svdvals(layer.weight().detach().double()).float()
    torch.testing.assert_close(found, wanted.sort(descending=True).values, atol=1e-4, rtol=1e-4)
    assert torch.linalg.matrix_rank(layer.weight().detach(), atol=1e-4) <= int((wanted > 0).sum())


def test_a_convolution_counts_as_a_matrix() -> None:
    base = nn.Conv2d(3, 5, 3, padding=1, stride=2).requires_grad_(False)
    layer = Singular(base)
    assert layer.scale.shape == layer.shift.shape == (5,)
    fill(layer, 3.0, 0.0)
    picture = torch.randn(2, 3, 8, 6)
    bias = base.bias
    assert bias is not None
    expected = 3 * (base(picture) - bias[:, None, None]) + bias[:, None, None]
    torch.testing.assert_close(layer(picture), expected, atol=1e-4, rtol=1e-4)


def test_a_fraction_leaves_the_small_values_alone() -> None:
    layer = Singular(linear(), fraction=0.5)
    assert layer.scale.shape == (2,)
    fill(layer, 0.0, 0.0)
    every = torch.linalg.svdvals(layer.base.weight)
    found = torch.linalg.svdvals(layer.weight().detach())
    torch.testing.assert_close(found[:2], every[2:], atol=1e-5, rtol=1e-5)
    assert Singular(linear(), fraction=0.01).scale.shape == (1,)


def test_only_what_is_asked_for_trains_and_is_kept() -> None:
    both = {"scale", "shift"}
    for what, wanted in (("scale-shift", both), ("scale", {"scale"}), ("shift", {"shift"})):
        layer = Singular(linear(), what)  # type: ignore[arg-type]
        assert {name for name, p in layer.named_parameters() if p.requires_grad} == wanted
        assert {name for name in layer.state_dict() if not name.startswith("base.")} == wanted
        layer(torch.ones(1, 4)).sum().backward()
        assert all(torch.isfinite(getattr(layer, name).grad).all() for name in wanted)
        assert layer.base.weight.grad is None


def test_the_regulariser_and_its_gradient_at_the_start() -> None:
    layer = Singular(linear())
    start = layer.distance()
    start.backward()  # type: ignore[no-untyped-call]
    assert start == 0
    assert layer.scale.grad is not None
    assert torch.isfinite(layer.scale.grad).all()
    fill(layer, 3.0, -1.0)
    assert layer.distance().item() == pytest.approx(2 * 2 + 1 * 2)


def by_optimiser(layer: Singular) -> None:
    (layer(torch.ones(1, 4)) ** 2).sum().backward()
    torch.optim.SGD([layer.scale, layer.shift], lr=0.1).step()


def past_the_version_counter(layer: Singular) -> None:
    layer.scale.data.mul_(2.0)


def by_loading(layer: Singular) -> None:
    layer.load_state_dict({**layer.state_dict(), "shift": torch.ones(4)})


def in_the_base(layer: Singular) -> None:
    with torch.no_grad():
        layer.base.weight.add_(1.0)


def to_another_type(layer: Singular) -> None:
    layer.double()


@pytest.mark.parametrize("change", [by_optimiser, past_the_version_counter, by_loading, in_the_base, to_another_type])
def test_the_kept_weight_follows_every_change(change: Callable[[Singular], None]) -> None:
    layer = Singular(linear()).eval()
    tokens = torch.randn(3, 4)
    with torch.no_grad():
        before = layer(tokens)
        kept = layer._weight()
        assert layer._weight() is kept
    change(layer)
    tokens = tokens.to(layer.scale.dtype)
    with torch.no_grad():
        after = layer(tokens)
        wanted = nn.functional.linear(tokens, layer.weight(), layer.base.bias)
    assert torch.equal(after, wanted)
    assert after.dtype != before.dtype or not torch.equal(after, before)


def test_a_weight_kept_by_inference_does_not_disturb_training() -> None:
    layer = Singular(linear())
    with torch.inference_mode():
        layer(torch.ones(1, 4))
    layer(torch.ones(1, 4)).sum().backward()
    with torch.no_grad():
        assert torch.equal(layer._weight(), layer.base.weight)


def test_the_weight_is_built_in_full_precision_under_autocast() -> None:
    layer = Singular(linear())
    fill(layer, 1.5, 0.25)
    expected = layer.weight()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer.weight(), expected)
        assert layer(torch.ones(1, 4)).dtype == torch.bfloat16


def test_folding_gives_a_plain_layer_and_leaves_the_base() -> None:
    for base in (linear(), nn.Conv2d(4, 4, 1, bias=False).requires_grad_(False)):
        before = base.weight.clone()
        layer = Singular(base)
        fill(layer, 0.5, 0.1)
        folded = layer.fold()
        assert type(folded) is type(base)
        assert torch.equal(folded.weight, layer.weight())
        assert torch.equal(base.weight, before)
