"""SAM's mask decoder: Kirillov et al., "Segment Anything", arXiv 2304.02643, appendix A.

Modules and parameters are called as in ``transformers``, whose function this is (tests/models). It is written out here because
importing that library takes longer than all else that a prediction does (docs/decisions/0013).

Tokens are (picture, question, token, C): every picture is asked as many questions as axis 1 is long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.models._norm import ChannelNorm

#: A single mask, and three candidates for an ambiguous prompt.
MASK_TOKENS = 4

#: Of the layers of the transformer, as the authors have it.
EPS = 1e-5


class Attention(nn.Module):
    """Multi-head attention whose heads may together be narrower than the tokens.

    Args:
        width: C of the tokens.
        heads: number of heads; they share ``inner`` channels evenly.
        inner: channels of all heads together.
    """

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.num_attention_heads = heads
        self.scaling = float((inner // heads) ** -0.5)
        self.q_proj = nn.Linear(width, inner)
        self.k_proj = nn.Linear(width, inner)
        self.v_proj = nn.Linear(width, inner)
        self.out_proj = nn.Linear(inner, width)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(picture, question, T, C), (.., S, C) and (.., S, C) -> (picture, question, T, C)."""
        queries, keys, values = self.q_proj(query), self.k_proj(key), self.v_proj(value)
        seen = functional.scaled_dot_product_attention(
            self._heads(queries), self._heads(keys), self._heads(values), scale=self.scaling
        )
        answer: Tensor = self.out_proj(seen.transpose(1, 2).reshape(queries.shape))
        return answer

    def _heads(self, tokens: Tensor) -> Tensor:
        """(picture, question, T, heads d) -> (picture question, heads, T, d)."""
        pictures, questions, count, width = tokens.shape
        heads = self.num_attention_heads
        return tokens.reshape(pictures * questions, count, heads, width // heads).transpose(1, 2)


class Mlp(nn.Module):
    """Two layers with a ReLU between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.lin1 = nn.Linear(width, hidden)
        self.lin2 = nn.Linear(hidden, width)
        self.act = nn.ReLU()

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., C) -> (..., C)."""
        changed: Tensor = self.lin2(self.act(self.lin1(tokens)))
        return changed


class TwoWayAttentionBlock(nn.Module):
    """Tokens look at each other, at the picture's cells, pass an MLP; then the cells look at the tokens.

    Args:
        width: C of tokens and cells.
        heads: of each attention.
        mlp: hidden width of the MLP.
        first: the block that tokens enter as they are, so that their positions need not be added to them.
    """

    def __init__(self, width: int, heads: int, mlp: int, *, first: bool) -> None:
        super().__init__()
        self.first = first
        self.self_attn = Attention(width, heads, width)
        self.layer_norm1 = nn.LayerNorm(width, EPS)
        self.cross_attn_token_to_image = Attention(width, heads, width // 2)
        self.layer_norm2 = nn.LayerNorm(width, EPS)
        self.mlp = Mlp(width, mlp)
        self.layer_norm3 = nn.LayerNorm(width, EPS)
        self.layer_norm4 = nn.LayerNorm(width, EPS)
        self.cross_attn_image_to_token = Attention(width, heads, width // 2)

    def forward(self, queries: Tensor, keys: Tensor, tokens: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """One round.

        Args:
            queries: (picture, question, T, C) tokens as they are now.
            keys: (picture, question, cell, C) cells as they are now.
            tokens: as they entered the transformer; they stand for the positions of the prompts.
            positions: (1, 1, cell, C) of the cells.

        Returns:
            Queries and keys afterwards.
        """
        if self.first:
            queries = self.self_attn(query=queries, key=queries, value=queries)
        else:
            placed = queries + tokens
            queries = queries + self.self_attn(query=placed, key=placed, value=queries)
        queries = self.layer_norm1(queries)
        placed_keys = keys + positions
        seen = self.cross_attn_token_to_image(query=queries + tokens, key=placed_keys, value=keys)
        queries = self.layer_norm2(queries + seen)
        queries = self.layer_norm3(queries + self.mlp(queries))
        told = self.cross_attn_image_to_token(query=placed_keys, key=queries + tokens, value=queries)
        return queries, self.layer_norm4(keys + told)


class TwoWayTransformer(nn.Module):
    """Two blocks, and a last look of the tokens at the cells."""

    def __init__(self, width: int, heads: int, mlp: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TwoWayAttentionBlock(width, heads, mlp, first=number == 0) for number in range(2))
        self.final_attn_token_to_image = Attention(width, heads, width // 2)
        self.layer_norm_final_attn = nn.LayerNorm(width, EPS)

    def forward(self, tokens: Tensor, features: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (picture, question, T, C), features (picture question, C, y, x) and positions (1, C, y, x) -> tokens, cells.

        Returns:
            (picture, question, T, C), and (picture question, 1, cell, C).
        """
        # channels last once, or every projection makes a copy of its own
        keys, places = (grid.flatten(2).mT.contiguous()[:, None] for grid in (features, positions))
        queries = tokens
        for layer in self.layers:
            queries, keys = layer(queries, keys, tokens, places)
        seen = self.final_attn_token_to_image(query=queries + tokens, key=keys + places, value=keys)
        return self.layer_norm_final_attn(queries + seen), keys


class FeedForward(nn.Module):
    """Three layers with ReLUs between them."""

    def __init__(self, width: int, hidden: int, out: int) -> None:
        super().__init__()
        self.activation = nn.ReLU()
        self.proj_in = nn.Linear(width, hidden)
        self.layers = nn.ModuleList([nn.Linear(hidden, hidden)])
        self.proj_out = nn.Linear(hidden, out)

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., width) -> (..., out)."""
        tokens = self.activation(self.proj_in(tokens))
        for layer in self.layers:
            tokens = self.activation(layer(tokens))
        found: Tensor = self.proj_out(tokens)
        return found


class MaskDecoder(nn.Module):
    """Prompt tokens and an image embedding -> masks and their estimated IoU.

    Args:
        hidden: C.
        heads: of each attention.
        mlp: hidden width of the transformer's MLPs.
    """

    def __init__(self, hidden: int, heads: int, mlp: int) -> None:
        super().__init__()
        self.hidden_size, self.num_mask_tokens = hidden, MASK_TOKENS
        self.iou_token = nn.Embedding(1, hidden)
        self.mask_tokens = nn.Embedding(MASK_TOKENS, hidden)
        self.transformer = TwoWayTransformer(hidden, heads, mlp)
        self.upscale_conv1 = nn.ConvTranspose2d(hidden, hidden // 4, kernel_size=2, stride=2)
        self.upscale_conv2 = nn.ConvTranspose2d(hidden // 4, hidden // 8, kernel_size=2, stride=2)
        self.upscale_layer_norm = ChannelNorm(hidden // 4)
        self.output_hypernetworks_mlps = nn.ModuleList(
            FeedForward(hidden, hidden, hidden // 8) for _ in range(MASK_TOKENS)
        )
        self.iou_prediction_head = FeedForward(hidden, hidden, MASK_TOKENS)

    def forward(
        self,
        image_embeddings: Tensor,
        image_positional_embeddings: Tensor,
        sparse_prompt_embeddings: Tensor | None,
        dense_prompt_embeddings: Tensor,
        *,
        multimask_output: bool,
    ) -> tuple[Tensor, Tensor]:
        """One question about each picture.

        Args:
            image_embeddings: (n, C, y, x).
            image_positional_embeddings: (1, C, y, x).
            sparse_prompt_embeddings: (n, 1, token, C), or None.
            dense_prompt_embeddings: (1 or n, C, y, x).
            multimask_output: three candidates instead of one.

        Returns:
            Logits (n, 1, candidate, 4 y, 4 x) and estimated IoU (n, 1, candidate).
        """
        # sizes are read from shapes: len() would be a constant in an exported graph
        tokens = self.asked(image_embeddings.shape[0], sparse_prompt_embeddings)
        masks, quality = self.answer(tokens, image_embeddings, dense_prompt_embeddings, image_positional_embeddings)
        wanted = slice(1, None) if multimask_output else slice(0, 1)
        return masks[:, :, wanted], quality[:, :, wanted]

    def asked(self, count: int, sparse: Tensor | None) -> Tensor:
        """The own tokens and then those of the prompts, (n, 1, T, C), for n = ``count`` questions."""
        tokens = self.own_tokens().expand(count, 1, -1, -1)
        return tokens if sparse is None else torch.cat([tokens, sparse], dim=2)

    def own_tokens(self) -> Tensor:
        """(1 + answers, C): the token of the quality, the token of the single mask, and those of the candidates."""
        return torch.cat([self.iou_token.weight, self.mask_tokens.weight])

    def answer(self, tokens: Tensor, features: Tensor, dense: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """All four answers.

        Args:
            tokens: (n, 1, T, C), the own ones first.
            features: (n, C, y, x) of the pictures.
            dense: (1 or n, C, y or 1, x or 1) what the prompts add to them.
            positions: (1, C, y, x).

        Returns:
            Logits (n, 1, 4, 4 y, 4 x) and estimated IoU (n, 1, 4).
        """
        queries, cells = self.transformer(tokens, features + dense, positions)
        networks = self.output_hypernetworks_mlps
        mixing = torch.stack([network(queries[:, 0, 1 + n]) for n, network in enumerate(networks)], dim=1)
        masks = self.masks(self.coarse(cells[:, 0]), mixing, features.shape[2:])
        return masks[:, None], self.iou_prediction_head(queries[:, :, 0])

    def coarse(self, cells: Tensor) -> Tensor:
        """The first up-scaling of (n, cell, C), its four places one behind the other: (n, cell, 4 C / 4)."""
        return functional.linear(cells, matrix(self.upscale_conv1), _bias(self.upscale_conv1))

    def masks(self, coarse: Tensor, mixing: Tensor, size: Sequence[int], fine: Tensor | None = None) -> Tensor:
        """What is behind :meth:`coarse`, and the product with M rows of ``mixing``, (n, M, C / 8).

        Args:
            coarse: (n, cell, C).
            mixing: (n, M, C / 8).
            size: y, x of the cells.
            fine: (n, cell, 2 C) what the picture adds to the second up-scaling, where a network has that.

        Returns:
            Logits (n, M, 4 y, 4 x).
        """
        return arranged(mixing @ self.pixels(coarse, fine).mT, size)

    def pixels(self, coarse: Tensor, fine: Tensor | None = None) -> Tensor:
        """The second up-scaling, (n, cell, C) -> (n, pixel, C / 8) in the order that :func:`arranged` takes.

        No pixel of an up-scaling looks beyond its cell, so all is matrix products on pixels that lie channels last: without
        the copies, and twice as fast in the backward pass, as transposed convolutions. The modules of both up-scalings hold
        weights and are never called.
        """
        count, norm, second = coarse.shape[0], self.upscale_layer_norm, self.upscale_conv2
        places = functional.layer_norm(
            coarse.view(count, coarse.shape[1] * 4, -1), norm.normalized_shape, norm.weight, norm.bias, norm.eps
        )
        pixels = functional.linear(gelu(places), matrix(second), _bias(second))
        pixels = gelu(pixels if fine is None else pixels + fine.reshape(fine.shape[0], *pixels.shape[1:]))
        return pixels.view(count, coarse.shape[1] * 16, -1)


def arranged(values: Tensor, size: Sequence[int]) -> Tensor:
    """(n, M, pixel) of cells y, x, a pixel at (y, x) of its cell, then (y, x) of each up-scaling -> (n, M, 4 y, 4 x)."""
    count, kinds = values.shape[:2]
    square = values.view(count, kinds, *size, 2, 2, 2, 2).permute(0, 1, 2, 4, 6, 3, 5, 7)
    return square.reshape(count, kinds, 4 * size[0], 4 * size[1])


def matrix(convolution: nn.ConvTranspose2d) -> Tensor:
    """An up-scaling by two as a matrix (4 out, in): its places (y, x) one behind the other."""
    return convolution.weight.permute(2, 3, 1, 0).flatten(0, 2)


def _bias(convolution: nn.ConvTranspose2d) -> Tensor:
    bias: Any = convolution.bias
    repeated: Tensor = bias.repeat(4)
    return repeated


def gelu(values: Tensor) -> Tensor:
    """In place where nobody needs a gradient: these are the largest tensors, 8 MB for each prompt."""
    if torch.is_grad_enabled() and values.requires_grad:
        return functional.gelu(values)
    changed: Tensor = torch.ops.aten.gelu_(values)
    return changed
