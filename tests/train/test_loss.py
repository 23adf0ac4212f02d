"""The loss of a question, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from samaritan.train._loss import Weights, mask_losses

PLAIN = Weights()

#: Logits of probability 3/4 and 1/4.
YES, NO = math.log(3), -math.log(3)


def losses(
    logits: Tensor, wanted: Tensor, inside: Tensor | None = None, quality: float = 0.5, weights: Weights = PLAIN
) -> dict[str, Tensor]:
    """Losses of one question."""
    inside = torch.ones_like(wanted) if inside is None else inside
    return mask_losses(logits[None], torch.tensor([quality]), wanted[None], inside[None], weights)


def test_dice_and_cross_entropy_by_hand() -> None:
    found = losses(torch.tensor([[YES, NO], [YES, NO]]), torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
    # probabilities 3/4, 1/4, 3/4, 1/4 sum to 2, of which 3/4 are shared; the reference is 1
    assert found["dice"].item() == pytest.approx(1 - (2 * 0.75 + 1) / (2 + 1 + 1))
    assert found["bce"].item() == pytest.approx(-(3 * math.log(0.75) + math.log(0.25)) / 4)


def test_focal_loss_by_hand() -> None:
    logits, wanted = torch.tensor([[YES, NO], [YES, NO]]), torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    right = [0.75, 0.75, 0.25, 0.75]
    for gamma in (1.0, 2.0):
        expected = sum(-((1 - p) ** gamma) * math.log(p) for p in right) / 4
        assert losses(logits, wanted, weights=Weights(focal=gamma))["bce"].item() == pytest.approx(expected)
    plain, zero = losses(logits, wanted), losses(logits, wanted, weights=Weights(focal=0.0))
    assert all(torch.equal(plain[name], zero[name]) for name in plain)


@pytest.mark.parametrize("focal", [0.0, 2.0])
def test_padding_counts_nothing(focal: float) -> None:
    logits, wanted = torch.randn(4, 4, generator=torch.manual_seed(0)), torch.zeros(4, 4)
    wanted[:2, :2] = 1
    inside = torch.zeros(4, 4)
    inside[:2] = 1
    small = losses(logits[:2], wanted[:2], weights=Weights(focal=focal))
    for padding in (-50.0, 0.0, 50.0):
        padded = torch.where(inside > 0, logits, torch.tensor(padding)).requires_grad_()
        found = losses(padded, wanted, inside, weights=Weights(focal=focal))
        for name, value in small.items():
            assert found[name].item() == pytest.approx(value.item(), rel=1e-6), name
        (gradient,) = torch.autograd.grad(found["total"].sum(), padded)
        assert gradient[2:].abs().max() == 0
        assert gradient[:2].abs().min() > 0


def test_a_perfect_answer_costs_nearly_nothing_and_its_opposite_much() -> None:
    wanted = torch.zeros(8, 8)
    wanted[2:6, 2:6] = 1
    perfect = losses((wanted * 2 - 1) * 20, wanted, quality=1.0)
    wrong = losses((1 - wanted * 2) * 20, wanted, quality=1.0)
    assert perfect["total"].item() == pytest.approx(0, abs=1e-4)
    assert wrong["dice"].item() == pytest.approx(1 - 1 / 65)
    assert wrong["bce"].item() == pytest.approx(20)
    assert wrong["quality"].item() == 1


def test_an_empty_target_has_a_loss_that_falls_with_the_mask() -> None:
    empty = torch.zeros(4, 4)
    full, none = losses(torch.full((4, 4), 5.0), empty), losses(torch.full((4, 4), -20.0), empty)
    assert none["dice"].item() == pytest.approx(0, abs=1e-5)
    assert full["dice"] > 0.9
    assert none["total"].isfinite()


def test_the_gradient_pulls_every_pixel_towards_the_target() -> None:
    wanted = torch.zeros(4, 4)
    wanted[1:3, 1:3] = 1
    for weights in (Weights(bce=0), Weights(dice=0), Weights(focal=2)):
        logits = torch.zeros(4, 4, requires_grad=True)
        (gradient,) = torch.autograd.grad(losses(logits, wanted, weights=weights)["total"].sum(), logits)
        assert (gradient[wanted > 0] < 0).all()
        assert (gradient[wanted == 0] > 0).all()


def test_the_estimate_of_quality_learns_the_iou_of_the_hard_mask() -> None:
    logits = torch.tensor([[YES, YES], [NO, NO]])  # two pixels, one of them right, of two wanted
    wanted = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert losses(logits, wanted, quality=0.5)["quality"].item() == pytest.approx((0.5 - 1 / 3) ** 2)
    assert losses(logits, wanted, quality=1 / 3)["quality"].item() == pytest.approx(0, abs=1e-12)


def test_the_total_is_the_weighted_sum() -> None:
    found = losses(torch.tensor([[YES, NO]]), torch.tensor([[1.0, 1.0]]), weights=Weights(2, 3, 0.5))
    expected = 2 * found["dice"] + 3 * found["bce"] + 0.5 * found["quality"]
    assert torch.allclose(found["total"], expected)


def test_questions_are_scored_one_by_one() -> None:
    logits = torch.randn(3, 4, 4, generator=torch.manual_seed(1))
    wanted, inside = (logits > 0.5).float(), torch.ones(3, 4, 4)
    together = mask_losses(logits, torch.tensor([0.1, 0.5, 0.9]), wanted, inside, Weights())
    for n, quality in enumerate((0.1, 0.5, 0.9)):
        alone = losses(logits[n], wanted[n], quality=quality)
        assert all(torch.allclose(together[name][n], alone[name][0]) for name in together)
