"""Convolutions with their batch normalisation computed into them, for inference only.

The network keeps its published parts and names: weights are folded from the live ones at every call, which costs about a
thousandth of a picture's encoding, so that nothing can be out of date after training, loading or merging.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Parts whose function is known here; a wrapper or a parametrisation is of another type and runs by itself.
PARTS = (nn.Conv2d, nn.BatchNorm2d, nn.LayerNorm, nn.Linear)


def infers(*modules: nn.Module) -> bool:
    """Whether these may be computed in another way: plain, in evaluation, no gradient wanted and nothing hung on them."""
    return not torch.is_grad_enabled() and all(
        type(module) in PARTS and not (module.training or module._forward_hooks or module._forward_pre_hooks)
        for module in modules
    )


def fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight and bias of the one convolution that does what ``convolution``, without a bias, and ``norm`` do."""
    if norm.running_mean is None or norm.running_var is None:
        raise TypeError("A batch normalisation without kept statistics cannot be folded.")
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return convolution.weight * scale.view(-1, 1, 1, 1), norm.bias - norm.running_mean * scale


def convolve(features: Tensor, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> Tensor:
    """(batch, channel, y, x) through both; what comes out lies channels last wherever that is the quicker way."""
    weight, bias = fold(convolution, norm)
    if weight.shape[2:] == (1, 1) and convolution.stride == (1, 1) and convolution.groups == 1:
        return functional.linear(features.permute(0, 2, 3, 1), weight[:, :, 0, 0], bias).permute(0, 3, 1, 2)
    return functional.conv2d(
        features, weight, bias, convolution.stride, convolution.padding, convolution.dilation, convolution.groups
    )
