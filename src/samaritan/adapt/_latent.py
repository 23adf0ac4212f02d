"""A latent code for what a picture leaves open: prior, posterior, and how far one is from the other.

A conditional variational autoencoder as in Kohl et al., "A Probabilistic U-Net for Segmentation of Ambiguous Images", arXiv
1806.05034: in training the code comes from the posterior, which sees the mask of one rater; at inference from the prior,
which never does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from samaritan.adapt._base import Behaviour, MethodConfig
from samaritan.core import ModelError

#: Bounds of log sigma, far outside what training needs, so that its exponential stays finite.
LOG_SIGMA = 5.0


class Gaussian(NamedTuple):
    """Diagonal normal distributions, one per item.

    Attributes:
        mean: (item, latent).
        log_sigma: (item, latent), logarithm of the standard deviation.
    """

    mean: Tensor
    log_sigma: Tensor

    def sample(self, noise: Tensor | None) -> Tensor:
        """(item, latent) mean + sigma * noise, differentiable; the mean itself without noise."""
        return self.mean if noise is None else self.mean + self.log_sigma.exp() * noise


def divergence(posterior: Gaussian, prior: Gaussian) -> Tensor:
    """(item, latent) KL(posterior || prior) in nats, whose sum over the latent axis is that of the whole."""
    gap = prior.log_sigma - posterior.log_sigma
    spread = (2 * posterior.log_sigma).exp() + (posterior.mean - prior.mean) ** 2
    return gap + spread / (2 * (2 * prior.log_sigma).exp()) - 0.5


def ramp(progress: float, warm_up: float) -> float:
    """Factor of the KL term at a share of the training: linear from 0 to 1 until ``warm_up``, then 1."""
    return 1.0 if progress >= warm_up else progress / warm_up


class LatentEncoder(nn.Module):
    """Pictures, or features, to a Gaussian: stages of 3x3 convolutions, the mean over all places, a 1x1 convolution.

    Works at any size.

    Args:
        channels: of the input.
        latent: length of the code.
        widths: of the stages; between them resolution halves.
        depth: convolutions of a stage.
    """

    def __init__(self, channels: int, latent: int, widths: Sequence[int], depth: int) -> None:
        super().__init__()
        stages = []
        for number, width in enumerate(widths):
            layers: list[nn.Module] = [nn.AvgPool2d(2, ceil_mode=True)] if number else []
            for _ in range(depth):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            stages.append(nn.Sequential(*layers))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Conv2d(channels, 2 * latent, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.trunc_normal_(module.bias, std=0.001)  # type: ignore[arg-type]

    def forward(self, seen: Tensor) -> Gaussian:
        """(item, channel, y, x) -> a Gaussian per item."""
        pooled = self.stages(seen).mean(dim=(2, 3), keepdim=True)
        mean, log_sigma = self.head(pooled).flatten(1).float().chunk(2, dim=1)
        return Gaussian(mean, log_sigma.clamp(-LOG_SIGMA, LOG_SIGMA))


class LatentConfig(MethodConfig):
    """Settings of methods with a latent code.

    Attributes:
        latent: length of the code.
        beta: weight of KL(posterior || prior) in the loss.
        free_bits: nats of each latent dimension that cost nothing, against a posterior that says nothing (Kingma et al.,
            arXiv 1606.04934, section C.8).
        warm_up: share of the training over which ``beta`` grows from 0 (Bowman et al., arXiv 1511.06349).
    """

    latent: int = Field(default=6, ge=1)
    beta: float = Field(default=1.0, ge=0)
    free_bits: float = Field(default=0.0, ge=0)
    warm_up: float = Field(default=0.0, ge=0, le=1)


class LatentSpace(nn.Module):
    """Prior and posterior, and the code that is in force.

    Args:
        channels: of what the prior sees; the posterior sees the mask besides.
        latent: length of the code.
        widths: see :class:`LatentEncoder`.
        depth: see :class:`LatentEncoder`.

    Attributes:
        drawn: (latent,) noise of the sample that inference shall use, for all pictures alike; None is the prior's mean.
        divergences: (item, latent) KL terms of what was learned from in this training step.
    """

    def __init__(self, channels: int, latent: int, widths: Sequence[int], depth: int) -> None:
        super().__init__()
        self.prior = LatentEncoder(channels, latent, widths, depth)
        self.posterior = LatentEncoder(channels + 1, latent, widths, depth)
        self.latent = latent
        self.drawn: Tensor | None = None
        self.divergences: list[Tensor] = []
        self._belief: Gaussian | None = None
        self._noise: Tensor | None = None

    def look(self, seen: Tensor) -> None:
        """Inference: the code of (item, channel, y, x) comes from the prior."""
        self._belief, self._noise = self.prior(seen), None

    def learn(self, seen: Tensor, masks: Tensor, noise: Tensor) -> None:
        """Training: it comes from the posterior.

        Args:
            seen: (item, channel, y, x).
            masks: (item, 1, any, any) in 0..1.
            noise: (item, latent) standard normal.
        """
        small = functional.interpolate(masks, seen.shape[-2:], mode="area").to(seen.dtype)
        self._belief, self._noise = self.posterior(torch.cat([seen, small], dim=1)), noise
        if torch.is_grad_enabled():
            self.divergences.append(divergence(self._belief, self.prior(seen)))

    @property
    def learning(self) -> bool:
        """True while the code comes from the posterior."""
        return self.training and self._noise is not None

    def code(self) -> Tensor:
        """(item, latent) the code in force.

        Raises:
            ModelError: nothing has been looked at.
        """
        if self._belief is None:
            raise ModelError("The encoder was run from stored features of pictures that Behaviour.look was not shown.")
        noise = self._noise if self._noise is not None else self.drawn
        return self._belief.sample(None if noise is None else noise.to(self._belief.mean))

    def forget(self) -> None:
        """The step is over."""
        self._belief = self._noise = None
        self.divergences.clear()


class LatentBehaviour(Behaviour):
    """What methods with a latent code have in common: the KL term, and drawing.

    Args:
        space: prior and posterior.
        config: weight and schedule of the KL term.
    """

    per_target = True  # in training each mask has its own code

    def __init__(self, space: LatentSpace, config: LatentConfig) -> None:
        self.space = space
        self.config = config
        self.training_only = (space.posterior,)

    def penalty(self) -> Tensor | None:
        """The mean over items of KL(posterior || prior), times beta; None outside a step."""
        if not self.space.divergences:
            return None
        terms = torch.cat(self.space.divergences).mean(dim=0)
        beta = self.config.beta * ramp(self.progress, self.config.warm_up)
        return beta * terms.clamp(min=self.config.free_bits).sum()

    def finish(self) -> None:
        """Forget the step."""
        self.space.forget()

    def draw(self, generator: torch.Generator | None) -> None:
        """One point of the latent space in units of the prior's sigma, the same for all pictures until the next draw."""
        self.space.drawn = None if generator is None else torch.randn(self.space.latent, generator=generator)
