"""The latent space: counts, divergence, schedule, and who sees the mask."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.adapt._latent import (
    Gaussian,
    LatentBehaviour,
    LatentConfig,
    LatentEncoder,
    LatentSpace,
    divergence,
    ramp,
)
from samaritan.core import InputError, ModelError

numbers = st.lists(st.floats(-2, 2), min_size=3, max_size=3)


def normal(mean: list[float], log_sigma: list[float]) -> Gaussian:
    return Gaussian(torch.tensor([mean]), torch.tensor([log_sigma]))


def small_space() -> LatentSpace:
    torch.manual_seed(0)
    return LatentSpace(3, 4, (4, 8), 1)


def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(2, 3, 16, 16, generator=generator), torch.rand(2, 1, 32, 32, generator=generator)


def test_encoders_are_as_large_as_published() -> None:
    sizes = [sum(p.numel() for p in LatentEncoder(c, 6, (32, 64, 128, 192), 3).parameters()) for c in (3, 4)]
    assert sizes == [1_368_396, 1_368_684]


def test_divergence_by_hand() -> None:
    found = divergence(normal([0.5, -1.0], [0.0, 0.5]), normal([0.0, 0.0], [0.0, 0.0]))
    assert float(found.sum()) == pytest.approx(0.9841409, abs=1e-6)


@settings(max_examples=25)
@given(numbers, numbers, numbers, numbers)
def test_divergence_is_that_of_torch(
    mean: list[float], log: list[float], mean_p: list[float], log_p: list[float]
) -> None:
    q, p = normal(mean, log), normal(mean_p, log_p)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(q.mean, q.log_sigma.exp()), torch.distributions.Normal(p.mean, p.log_sigma.exp())
    )
    torch.testing.assert_close(divergence(q, p), expected, atol=1e-4, rtol=1e-4)
    assert float(divergence(q, q).abs().max()) < 1e-6


def test_samples_have_the_mean_and_spread_of_their_gaussian() -> None:
    belief = normal([1.0, -2.0], [0.0, math.log(3)])
    drawn = belief.sample(torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(drawn.mean(0), torch.tensor([1.0, -2.0]), atol=0.1, rtol=0)
    torch.testing.assert_close(drawn.std(0), torch.tensor([1.0, 3.0]), atol=0.1, rtol=0)
    assert torch.equal(belief.sample(None), belief.mean)


def test_any_resolution_gives_a_code() -> None:
    encoder = LatentEncoder(3, 6, (4, 8, 8, 8), 1)
    for side in (1, 5, 64):
        assert encoder(torch.rand(2, 3, side, side)).mean.shape == (2, 6)


def test_beta_grows_until_it_is_warm() -> None:
    assert [ramp(progress, 0.5) for progress in (0.0, 0.25, 0.5, 1.0)] == [0.0, 0.5, 1.0, 1.0]
    assert ramp(0.0, 0.0) == 1.0


def test_inference_asks_the_prior_and_training_the_posterior() -> None:
    space, (seen, masks) = small_space(), pictures()
    prior, posterior = space.prior(seen), space.posterior(torch.cat([seen, masks[:, :, ::2, ::2] * 0], 1))
    space.look(seen)
    assert torch.equal(space.code(), prior.mean)
    space.learn(seen, masks * 0, torch.zeros(2, 4))
    assert torch.equal(space.code(), posterior.mean)
    assert not torch.equal(prior.mean, posterior.mean)


def test_the_prior_never_sees_the_mask_and_the_posterior_does() -> None:
    space, (seen, masks) = small_space(), pictures()
    masks.requires_grad_(True)
    space.look(seen)
    assert space.code().grad_fn is not None
    with pytest.raises(RuntimeError, match="not have been used"):
        torch.autograd.grad(space.code().sum(), masks)
    space.learn(seen, masks, torch.zeros(2, 4))
    assert torch.autograd.grad(space.code().sum(), masks)[0].abs().sum() > 0


def test_a_draw_moves_the_code_by_sigmas_of_the_prior() -> None:
    space, (seen, _) = small_space(), pictures()
    behaviour = LatentBehaviour(space, LatentConfig(latent=4))
    space.look(seen)
    behaviour.draw(torch.Generator().manual_seed(3))
    noise = torch.randn(4, generator=torch.Generator().manual_seed(3))
    belief = space.prior(seen)
    torch.testing.assert_close(space.code(), belief.mean + belief.log_sigma.exp() * noise)
    behaviour.draw(None)
    assert torch.equal(space.code(), belief.mean)


def test_the_penalty_is_weighted_warmed_and_free_up_to_a_point() -> None:
    space, (seen, masks) = small_space(), pictures()

    def penalty(progress: float = 1.0, **settings: float) -> float:
        behaviour = LatentBehaviour(space, LatentConfig(latent=4, **settings))
        behaviour.progress = progress
        space.learn(seen, masks, torch.zeros(2, 4))
        found = behaviour.penalty()
        behaviour.finish()
        assert found is not None
        assert behaviour.penalty() is None
        return float(found.detach())

    expected = divergence(space.posterior(torch.cat([seen, masks.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5))], 1)),
                          space.prior(seen)).sum(1).mean()  # fmt: skip
    assert penalty() == pytest.approx(float(expected.detach()), rel=1e-5)
    assert penalty(beta=10) == pytest.approx(10 * penalty(), rel=1e-6)
    assert penalty(0.25, warm_up=0.5) == pytest.approx(penalty() / 2, rel=1e-6)
    assert penalty(free_bits=100) == pytest.approx(400)


def test_a_code_of_nothing_is_refused() -> None:
    space, (seen, _) = small_space(), pictures()
    with pytest.raises(ModelError, match="was not shown"):
        space.code()
    space.look(seen)
    space.forget()
    with pytest.raises(ModelError, match="was not shown"):
        space.code()


@pytest.mark.parametrize("settings", [{"latent": 0}, {"beta": -1}, {"warm_up": 2}, {"free_bits": -0.1}])
def test_settings_that_make_no_sense_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(InputError):
        LatentConfig.parse(settings, "the test")
