"""A layer whose weight keeps its singular vectors and trains its singular values (S-SAM, arXiv 2408.06447, section 3.2)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.adapt._surgery import Wrapper

What = Literal["scale-shift", "scale", "shift"]


@dataclass(frozen=True)
class _Built:
    """A weight, and what it was built from."""

    scale: Tensor
    shift: Tensor
    base: tuple[int, int]
    weight: Tensor


class Singular(Wrapper):
    """W' = U diag(ReLU(a sigma + b)) V^T in place of W = U diag(sigma) V^T; bias and everything else stay.

    Computed as W' = W + U diag(ReLU(a sigma + b) - sigma) V^T, which is the same and exactly W where a = 1 and b = 0. The
    factors follow from the base's weight at construction, so only a and b are kept in files.

    Args:
        base: Linear (out, in), or Conv2d, whose weight counts as (out, in * rows * columns).
        what: which of a and b train.
        fraction: of the singular values that train, the largest ones; the others stay.
    """

    base: nn.Linear | nn.Conv2d
    scale: Tensor
    shift: Tensor
    left: Tensor
    sigma: Tensor
    right: Tensor

    def __init__(self, base: nn.Linear | nn.Conv2d, what: What = "scale-shift", fraction: float = 1.0) -> None:
        super().__init__(base)
        left, sigma, right = _decompose(base.weight.detach(), fraction)
        self.register_buffer("left", left, persistent=False)
        self.register_buffer("sigma", sigma, persistent=False)
        self.register_buffer("right", right, persistent=False)
        for name, start, trains in (("scale", 1.0, what != "shift"), ("shift", 0.0, what != "scale")):
            values = torch.full_like(sigma, start)
            if trains:
                self.register_parameter(name, nn.Parameter(values))
            else:
                self.register_buffer(name, values, persistent=False)
        self._built: _Built | None = None

    def forward(self, features: Tensor) -> Tensor:
        """What the base does, with W' for W."""
        weight, base = self._weight(), self.base
        if isinstance(base, nn.Conv2d):
            return base._conv_forward(features, weight, base.bias)  # type: ignore[no-any-return]
        return functional.linear(features, weight, base.bias)

    def weight(self) -> Tensor:
        """W', of the shape of the base's weight; differentiable."""
        with torch.autocast(self.sigma.device.type, enabled=False):  # a weight is built once, and in full precision
            change = functional.relu(self.scale * self.sigma + self.shift) - self.sigma
            built: Tensor = self.base.weight + ((self.left * change) @ self.right).view_as(self.base.weight)
            return built

    def distance(self) -> Tensor:
        """|1 - a| + |b|, the paper's regulariser."""
        away: Tensor = (1 - self.scale).norm() + self.shift.norm()
        return away

    @torch.no_grad()
    def fold(self) -> nn.Linear | nn.Conv2d:
        """The layer with W' as its weight."""
        folded = copy.deepcopy(self.base)
        folded.weight.copy_(self.weight())
        return folded

    def _weight(self) -> Tensor:
        """W'; where no gradient is needed it is built once for the present values of a, b and W."""
        if torch.is_grad_enabled():
            return self.weight()
        base = (self.base.weight.data_ptr(), self.base.weight._version)
        built = self._built
        # values and not versions are compared: an optimiser or a running average may write past the version counter
        if (
            built is None
            or built.base != base
            or not (torch.equal(built.scale, self.scale) and torch.equal(built.shift, self.shift))
        ):
            built = self._built = _Built(self.scale.clone(), self.shift.clone(), base, self.weight())
        return built.weight

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        self._built = None  # another device or another type of number
        return super()._apply(fn, recurse)  # type: ignore[no-untyped-call,no-any-return]


def _decompose(weight: Tensor, fraction: float) -> tuple[Tensor, Tensor, Tensor]:
    """Leading singular vectors and values of a weight as a matrix: (out, n), (n,), (n, in), n a fraction of the rank."""
    matrix = weight.flatten(1)
    count = max(1, round(fraction * min(matrix.shape)))
    if weight.is_meta:  # a network without values, to be counted
        return matrix.new_empty(len(matrix), count), matrix.new_empty(count), matrix.new_empty(count, matrix.shape[1])
    # double precision and on the processor: not every device has it
    left, sigma, right = torch.linalg.svd(matrix.double().cpu(), full_matrices=False)
    first, values, last = (part.to(weight) for part in (left[:, :count], sigma[:count], right[:count]))
    return first.contiguous(), values, last.contiguous()
