"""AdamW with two learning rates: one for what a method adds, one for what it trains of the base."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from samaritan.adapt import Adaptation
from samaritan.train._checkpoint import optimiser_tensors, restore_optimiser
from samaritan.train._config import TrainConfig


class Optimiser:
    """Changes the parameters of an adapted model; the base's own lie behind those of the method.

    Args:
        adapted: the model.
        config: the run's settings.
    """

    def __init__(self, adapted: Adaptation, config: TrainConfig) -> None:
        trainable = adapted.named_trainable()
        own = {name: p for name, p in trainable.items() if not name.startswith("base.")}
        base = {name: p for name, p in trainable.items() if name.startswith("base.")}
        groups = [(own, config.rate), (base, config.base_rate)]
        self._rates = [rate for group, rate in groups if group]
        self._names = [*own, *base]
        self._parameters = [*own.values(), *base.values()]
        self._clip = config.clip
        self._adamw = torch.optim.AdamW(
            [{"params": list(group.values()), "lr": rate} for group, rate in groups if group],
            weight_decay=config.weight_decay,
        )

    def begin(self, factor: float) -> float:
        """Forget the gradients of the step before, and scale the learning rates; gives the first of them."""
        self._adamw.zero_grad(set_to_none=True)
        for group, rate in zip(self._adamw.param_groups, self._rates, strict=True):
            group["lr"] = factor * rate
        return factor * self._rates[0]

    def clip(self) -> float:
        """Shorten the gradient where it is too long; gives the norm that it had, NaN where there is none."""
        with_gradient = [p for p in self._parameters if p.grad is not None]
        return float(nn.utils.clip_grad_norm_(with_gradient, self._clip)) if with_gradient else math.nan

    def step(self) -> None:
        """Change the parameters."""
        self._adamw.step()

    def state(self) -> dict[str, Tensor]:
        """What :meth:`restore` takes back."""
        return optimiser_tensors(self._adamw, self._names)

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on from an earlier state."""
        restore_optimiser(self._adamw, self._names, tensors)
