"""The space-depth branch: attention along the slices of a volume with the weights of the attention inside a slice.

Wu et al., "Medical SAM Adapter", arXiv 2304.12620, section on SD-Trans.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.adapt._surgery import Wrapper
from samaritan.core import UsageError


class SpaceDepth(Wrapper):
    """[u_s + A_space(u_s)] + A_depth(u_d): u_s attends over the places of a slice, u_d over the slices at a place.

    Both need the same queries, keys and values, so these are computed once: :meth:`hear` takes them from the projection.

    Args:
        base: the attention module, which has a projection ``proj`` behind the heads.
        space: A_space with its inner skip.
        depth: A_depth, without.
        heads: number of attention heads.
        interleaved: rows of the fused projection are (head, q k v, channel) instead of (q k v, head, channel).
        reach: most slices for which a bias is learned, one number for each head and signed distance, zero at the start;
            None learns none.
        slices: tells how many pictures of the batch belong together.
    """

    def __init__(
        self,
        base: nn.Module,
        space: nn.Module,
        depth: nn.Module,
        *,
        heads: int,
        interleaved: bool,
        reach: int | None,
        slices: Callable[[], int],
    ) -> None:
        super().__init__(base)
        self.space, self.depth = space, depth
        self.bias = None if reach is None else nn.Parameter(torch.zeros(heads, 2 * reach - 1))
        self._heads, self._interleaved = heads, interleaved
        self._slices = slices
        self._pictures = 0
        self._fused = torch.empty(0)

    def count(self, _block: nn.Module, inputs: tuple[Any, ...]) -> None:
        """Before the block runs: how many pictures there are, since the attention sees windows of them."""
        self._pictures = len(inputs[0])

    def hear(self, _projection: nn.Module, _tokens: tuple[Any, ...], fused: Tensor) -> None:
        """After the projection ran: queries, keys and values (window, ..., 3 width)."""
        self._fused = fused

    def forward(self, hidden_states: Tensor) -> Any:
        """As the attention: tokens (window, ..., width) -> the same shape, or a tuple with that in the first place.

        Raises:
            UsageError: the pictures are no whole number of stacks, or a stack is higher than the learned bias.
        """
        answer = self.base(hidden_states)
        fused, self._fused = self._fused, torch.empty(0)
        along = self.depth(self.base.get_submodule("proj")(self.attend(fused)))
        if isinstance(answer, tuple):
            return (self.space(answer[0]) + along, *answer[1:])
        return self.space(answer) + along

    def attend(self, fused: Tensor) -> Tensor:
        """Attention over the slices at each place: (window, ..., 3 width) -> (window, ..., width), before ``proj``.

        Windows follow each other inside of a picture, so that a picture's windows and tokens together are its places.
        """
        slices = self._slices()
        if slices < 1 or self._pictures % slices:
            raise UsageError(f"{self._pictures} pictures are no whole number of stacks of {slices} slices.")
        places = fused.view(self._pictures // slices, slices, -1, fused.shape[-1])
        split = (self._heads, 3) if self._interleaved else (3, self._heads)
        order = (4, 0, 2, 3, 1, 5) if self._interleaved else (3, 0, 2, 4, 1, 5)
        query, key, value = places.view(*places.shape[:3], *split, -1).permute(
            order
        )  # (stack, place, head, slice, channel)
        if slices > 1:
            flat = [part.flatten(0, 1) for part in (query, key, value)]
            found = functional.scaled_dot_product_attention(flat[0], flat[1], flat[2], attn_mask=self._biases(slices))
            value = found.view(value.shape)
        attended: Tensor = value.permute(0, 3, 1, 2, 4).reshape(*fused.shape[:-1], -1)
        return attended

    def _biases(self, slices: int) -> Tensor | None:
        """(head, slice, slice) of query and key; None where nothing is learned."""
        if self.bias is None:
            return None
        reach = (self.bias.shape[1] + 1) // 2
        if slices > reach:
            raise UsageError(f"Distances are learned for stacks of up to {reach} slices; received {slices}.")
        at = torch.arange(slices, device=self.bias.device)
        return self.bias[:, at - at[:, None] + reach - 1]
