"""AdamW with two learning rates."""

from __future__ import annotations

import math

import pytest
import torch

from samaritan.adapt import Adaptation, attach
from samaritan.models._sam import SamSegmenter
from samaritan.train import TrainConfig
from samaritan.train._optimiser import Optimiser

CONFIG = TrainConfig(data=("-",), rate=0.5, base_rate=0.125, weight_decay=0.0, clip=2.0)


@pytest.fixture
def adapted(segmenter: SamSegmenter) -> Adaptation:
    """A method that has modules of its own and trains parts of the base."""
    found = attach(segmenter, "lora")
    kinds = {name.startswith("base.") for name in found.named_trainable()}
    assert kinds == {True, False}
    return found


def push(adapted: Adaptation, value: float) -> None:
    for parameter in adapted.named_trainable().values():
        parameter.grad = torch.full_like(parameter, value)


def test_the_first_step_is_as_long_as_each_rate(adapted: Adaptation) -> None:
    optimiser, before = Optimiser(adapted, CONFIG), adapted.state()
    assert optimiser.begin(0.5) == 0.25
    push(adapted, 3.0)
    optimiser.step()
    after = adapted.state()
    for name in adapted.named_trainable():
        expected = 0.0625 if name.startswith("base.") else 0.25  # AdamW's first step is the rate, whatever the gradient
        assert torch.allclose(before[name] - after[name], torch.tensor(expected), atol=1e-5), name


def test_a_long_gradient_is_shortened_and_a_short_one_is_not(adapted: Adaptation) -> None:
    optimiser = Optimiser(adapted, CONFIG)
    parameters = adapted.named_trainable().values()
    length = math.sqrt(sum(parameter.numel() for parameter in parameters))
    for value, expected in ((1.0, 2.0), (0.5 / length, 0.5)):
        push(adapted, value)
        assert optimiser.clip() == pytest.approx(value * length, rel=1e-4)
        squares = sum(float((p.grad**2).sum()) for p in parameters if p.grad is not None)
        assert math.sqrt(squares) == pytest.approx(expected, rel=1e-3)


def test_without_gradients_there_is_no_norm(adapted: Adaptation) -> None:
    optimiser = Optimiser(adapted, CONFIG)
    push(adapted, 1.0)
    optimiser.begin(1.0)
    assert math.isnan(optimiser.clip())


def test_it_goes_on_from_its_state(adapted: Adaptation) -> None:
    optimiser = Optimiser(adapted, CONFIG)
    for value in (1.0, -2.0):
        optimiser.begin(0.1)
        push(adapted, value)
        optimiser.step()
    held, weights = {name: tensor.clone() for name, tensor in optimiser.state().items()}, adapted.state()
    push(adapted, 0.5)
    optimiser.step()
    expected = adapted.state()

    adapted.load_state(weights)
    fresh = Optimiser(adapted, CONFIG)
    fresh.restore(held)
    fresh.begin(0.1)
    push(adapted, 0.5)
    fresh.step()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in adapted.state().items())
