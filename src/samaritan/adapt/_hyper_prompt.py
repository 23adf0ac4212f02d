"""The hyper-prompting adapter: a bottleneck whose middle layers are generated from the prompt.

Wu et al., "Medical SAM Adapter", arXiv 2304.12620, section on HyP-Adpt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.models._sam_network import SamNetwork

#: Spread of the generator's initial weights; its bias is the identity matrix.
SPREAD = 1e-3


@dataclass(frozen=True)
class Asked:
    """What the prompts of the running questions say.

    Attributes:
        mean: (n, 1, 1, hidden) over each prompt's sparse tokens, without the one that only fills up.
        tokens: (n, 1, token, hidden) each for itself; the mean in the place of the one that only fills up.
    """

    mean: Tensor
    tokens: Tensor


def asked_of(network: SamNetwork) -> Asked | None:
    """The running questions of a network; None where nothing is asked by points or boxes."""
    prompts, sparse = network.asked, network.sparse
    if prompts is None or sparse is None:
        return None
    if (
        prompts.labels is not None and prompts.labels.shape[2] == sparse.shape[2]
    ):  # a graph, where labels tell all tokens
        real = (prompts.labels != -1)[..., None]
        mean = (sparse * real).sum(dim=2, keepdim=True) / real.sum(dim=2, keepdim=True).clamp(min=1)
        return Asked(mean, torch.where(real, sparse, mean))
    filling = network.prompt_encoder.filling(prompts.points, prompts.boxes)
    if filling is None:
        return Asked(sparse.mean(dim=2, keepdim=True), sparse)
    before, behind = sparse[:, :, :filling], sparse[:, :, filling + 1 :]
    mean = torch.cat([before, behind], dim=2).mean(dim=2, keepdim=True)
    return Asked(mean, torch.cat([before, mean, behind], dim=2))


class HyperPrompt(nn.Module):
    """e + W_up e_K with e_0 = W_dn e and e_k+1 = ReLU(LayerNorm(e_k W_k)), where the prompt makes the square matrices W_k.

    Without a prompt the generators see zeros, and W_k is their bias: a plain adapter.

    Args:
        width: of the tokens and of the prompt's.
        hidden: of the middle.
        layers: number of generated layers.
        length: of the reduced prompt.
        per_token: each prompt token is adapted by matrices of its own, and output tokens by those of the mean; otherwise all
            by those of the mean.
        asked: the running questions.
    """

    def __init__(
        self, width: int, hidden: int, layers: int, length: int, *, per_token: bool, asked: Callable[[], Asked | None]
    ) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.reduce = nn.Linear(width, length)
        self.generators = nn.ModuleList(_generator(length, hidden) for _ in range(layers))
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(layers))
        self.per_token = per_token
        self._asked = asked
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, 1, token, width) -> the same shape."""
        code = self._code(tokens)
        middle: Tensor = self.down(tokens)
        for generator, norm in zip(self.generators, self.norms, strict=True):
            matrices = generator(code).unflatten(-1, (middle.shape[-1], -1))
            product = (middle[..., None, :] @ matrices).squeeze(-2) if self.per_token else middle @ matrices[:, :, 0]
            middle = functional.relu(norm(product))
        change: Tensor = self.up(middle)
        return tokens + change

    def _code(self, tokens: Tensor) -> Tensor:
        """(n, 1, 1 or token, length) the reduced prompt; zeros without one."""
        asked = self._asked()
        if asked is None:
            return tokens.new_zeros(*tokens.shape[:2], 1, self.reduce.out_features)
        found = asked.mean
        if self.per_token:
            outputs = tokens.shape[2] - asked.tokens.shape[2]  # come first, and were asked by nobody
            found = torch.cat([asked.mean.expand(-1, -1, outputs, -1), asked.tokens], dim=2)
        return functional.gelu(self.reduce(found))


def _generator(length: int, hidden: int) -> nn.Linear:
    """Code (..., length) -> the entries of a square matrix, the identity at first with a little of the code."""
    generator = nn.Linear(length, hidden * hidden)
    nn.init.normal_(generator.weight, std=SPREAD)
    with torch.no_grad():
        generator.bias.copy_(torch.eye(hidden).flatten())
    return generator
