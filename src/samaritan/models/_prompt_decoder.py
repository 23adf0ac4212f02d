"""SAM's mask decoder for many prompts on one picture, exact: the same function of the same weights, in another order.

The decoder of Kirillov et al., "Segment Anything", arXiv 2304.02643, appendix A, spends its time on projections of the 64 x 64
cells of the picture, anew for each prompt. But a prompt changes the cells only through attention to a handful of tokens, so a
layer's new cells are a sum of few rows:

    cells' = norm(cells + spread^T shares),    shares (head x token, cell) the attention, spread (head x token, hidden)

and a normalised row is a row times a number, plus a constant. So the cells are never written out. They are kept as
``gain * (own * picture + spread^T shares) + bias`` (:class:`Cells`), of which only ``own``, ``shares`` and ``spread`` depend
on the prompt; every projection of ``picture`` is made once per picture (:class:`PictureSide`), and a projection of a prompt's
cells costs one product with the few rows of ``shares``. The deviation that the normalisation needs follows from inner products
of the same rows. A single mask is made without the three others.

Everything here is a function of tensors and of a decoder's live weights; nothing is stored. K prompts of T tokens, R rows of
shares (heads x T, after the second layer twice that), P cells, d channels of a head, C hidden channels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from samaritan.models._mask_decoder import matrix


class Projection(NamedTuple):
    """The picture, projected by a layer behind a normalisation; (heads, d, P).

    Attributes:
        scaled: the part that the normalisation scales.
        rest: the part that it does not: position and biases.
    """

    scaled: Tensor
    rest: Tensor


class PictureSide(NamedTuple):
    """What does not depend on the prompt; (heads, d, P) but where noted.

    Attributes:
        first_key: keys of the first layer's attention from tokens to cells.
        first_value: its values.
        first_query: queries of the first layer's attention from cells to tokens.
        first_cross: the centred cells along the directions in which that attention can move them.
        first_norm: (P,) squared length of the centred cells.
        second_key: keys of the second layer's attention from tokens to cells.
        second_value: its values, as far as the normalisation scales them.
        second_query: queries of the second layer's attention from cells to tokens.
        second_cross_old: cells behind the first layer along the directions of its attention.
        second_cross_new: the same cells along those of the second layer's attention.
        second_cross_rest: (P,) the same cells along the biases.
        second_norm: (P,) squared length of the same cells.
        final_key: keys of the last attention from tokens to cells.
        final_value: its values, as far as the normalisation scales them.
        fine: (y, x, 4 coarse channels) the first up-scaling of the cells, its four places beside each other.
    """

    first_key: Tensor
    first_value: Tensor
    first_query: Tensor
    first_cross: Tensor
    first_norm: Tensor
    second_key: Projection
    second_value: Tensor
    second_query: Projection
    second_cross_old: Tensor
    second_cross_new: Tensor
    second_cross_rest: Tensor
    second_norm: Tensor
    final_key: Projection
    final_value: Tensor
    fine: Tensor


class Cells(NamedTuple):
    """The cells of K prompts, up to a layer's gain and bias: ``own * picture + spread^T shares``.

    Attributes:
        own: (K, 1, P).
        shares: (K, R, P).
        spread: (K, R, C).
    """

    own: Tensor
    shares: Tensor
    spread: Tensor


def prepare(decoder: Any, empty: Tensor, positions: Tensor, features: Tensor) -> PictureSide:
    """Everything about a picture that its prompts share.

    Args:
        decoder: a MaskDecoder as published, see :meth:`samaritan.models._picture_decoder.PictureDecoder.applies`.
        empty: (1, C) what the prompt encoder adds to each cell where there is no mask.
        positions: (1, C, y, x) of the cells.
        features: (1, C, y, x) embedding of the picture.
    """
    one, two = decoder.transformer.layers
    final, heads = decoder.transformer.final_attn_token_to_image, one.self_attn.num_attention_heads
    place = positions[0].flatten(1)

    def project(weight: Tensor, cells: Tensor, bias: Tensor | None = None) -> Tensor:
        found = weight @ cells
        return (found if bias is None else found + bias[:, None]).view(heads, -1, found.shape[1])

    def behind(layer: Any, norm: Any, cells: Tensor) -> Projection:
        rest = project(layer.weight, place + norm.bias[:, None], layer.bias)
        return Projection(project(layer.weight * norm.weight, cells), rest)

    cells = features[0].flatten(1) + empty.T
    placed = cells + place
    there, back, norm = one.cross_attn_token_to_image, one.cross_attn_image_to_token, one.layer_norm4
    first, directions = _centred(cells + back.out_proj.bias[:, None]), _centred(back.out_proj.weight)
    second = _centred(norm.weight[:, None] * first)
    later, later_back, last = two.cross_attn_token_to_image, two.cross_attn_image_to_token, two.layer_norm4
    return PictureSide(
        first_key=project(there.k_proj.weight, placed, there.k_proj.bias),
        first_value=project(there.v_proj.weight, cells, there.v_proj.bias),
        first_query=project(back.q_proj.weight, placed, back.q_proj.bias),
        first_cross=project(directions.T, first),
        first_norm=first.square().sum(0),
        second_key=behind(later.k_proj, norm, first),
        second_value=project(later.v_proj.weight * norm.weight, first),
        second_query=behind(later_back.q_proj, norm, first),
        second_cross_old=project((directions * norm.weight[:, None]).T, second),
        second_cross_new=project(later_back.out_proj.weight.T, second),
        second_cross_rest=(norm.bias + later_back.out_proj.bias) @ second,
        second_norm=second.square().sum(0),
        final_key=behind(final.k_proj, last, second),
        final_value=project(final.v_proj.weight * last.weight, second),
        fine=(second.T @ (matrix(decoder.upscale_conv1) * last.weight).T).view(*positions.shape[2:], -1),
    )


def decode(
    decoder: Any, picture: PictureSide, sparse: Tensor | None, count: int, *, multimask: bool
) -> tuple[Tensor, Tensor]:
    """Masks of ``count`` prompts, none of which has a dense part.

    Args:
        decoder: whose weights made ``picture``.
        picture: of :func:`prepare`.
        sparse: (K, 1, token, C) what the prompt encoder made of them, or None.
        count: K.
        multimask: three candidates instead of one.

    Returns:
        Logits (K, candidate, 4 y, 4 x) and estimated IoU (K, candidate).
    """
    tokens = decoder.own_tokens().expand(count, 1, -1, -1)
    if sparse is not None:
        tokens = torch.cat([tokens, sparse], dim=2)
    one, two = decoder.transformer.layers
    queries, value, cells = _first_layer(one, picture, tokens)
    queries, cells = _second_layer((one, two), picture, tokens=tokens, queries=queries, value=value, cells=cells)
    final = decoder.transformer.final_attn_token_to_image
    seen = _look(final, two.layer_norm4, cells, queries + tokens, key=picture.final_key, value=picture.final_value)
    queries = decoder.transformer.layer_norm_final_attn(queries + seen)[:, 0]
    wanted = range(1, decoder.num_mask_tokens) if multimask else range(1)
    networks = decoder.output_hypernetworks_mlps
    mixing = torch.stack([networks[n](queries[:, 1 + n]) for n in wanted], dim=1)
    quality = decoder.iou_prediction_head(queries[:, 0])[:, wanted.start : wanted.stop]
    # one by one: pixels of one prompt are 8 MB, which fit between what the encoder has left; together they are no quicker
    masks = [_masks(decoder, picture.fine, _only(cells, n), mixing[n : n + 1]) for n in range(count)]
    return torch.cat(masks), quality


def _first_layer(layer: Any, picture: PictureSide, tokens: Tensor) -> tuple[Tensor, Tensor, Cells]:
    """Tokens (K, 1, T, C) behind the first layer, values of its attention from cells to tokens (K, heads, T, d), the cells."""
    queries = layer.layer_norm1(layer.self_attn(query=tokens, key=tokens, value=tokens))
    there, back = layer.cross_attn_token_to_image, layer.cross_attn_image_to_token
    asked = _heads(there, there.q_proj(queries + tokens)) * there.scaling
    seen = _gather(_along(asked, picture.first_key).softmax(-1), picture.first_value)
    queries = _update(layer, queries, _joined(there, seen))

    key = _heads(back, back.k_proj(queries + tokens)) * back.scaling
    value = _heads(back, back.v_proj(queries))
    shares = _along(key, picture.first_query).softmax(2).flatten(1, 2)
    spread = _spread(value, _centred(back.out_proj.weight))
    cross = _along(value, picture.first_cross).flatten(1, 2)
    own = picture.first_norm.new_ones(1, 1, 1)
    scale = _scale(layer.layer_norm4, own, picture.first_norm, Cells(own, shares, spread), cross)
    return queries, value, Cells(scale, shares * scale, spread)


def _second_layer(
    layers: tuple[Any, Any], picture: PictureSide, *, tokens: Tensor, queries: Tensor, value: Tensor, cells: Cells
) -> tuple[Tensor, Cells]:
    """Tokens (K, 1, T, C) behind the second of both layers, and the cells; ``value`` as :func:`_first_layer` gives it."""
    before, layer = layers
    spaced = queries + tokens
    queries = layer.layer_norm1(queries + layer.self_attn(query=spaced, key=spaced, value=queries))
    there, back = layer.cross_attn_token_to_image, layer.cross_attn_image_to_token
    norm = before.layer_norm4
    seen = _look(there, norm, cells, queries + tokens, key=picture.second_key, value=picture.second_value)
    queries = _update(layer, queries, seen)

    cross_old = _along(value, picture.second_cross_old)
    key = _heads(back, back.k_proj(queries + tokens)) * back.scaling
    value = _heads(back, back.v_proj(queries))
    shares = _scores(key, back.q_proj.weight * norm.weight, cells, picture.second_query).softmax(2)
    # the shares of a head sum to one, so each may carry its part of the biases
    moved = _spread(value, back.out_proj.weight) + (norm.bias + back.out_proj.bias) / value.shape[1]
    cells = Cells(
        cells.own,
        torch.cat([cells.shares, shares.flatten(1, 2)], dim=1),
        _centred(torch.cat([cells.spread * norm.weight, moved], dim=1), dim=2),
    )
    cross = torch.cat([cross_old, _along(value, picture.second_cross_new)], dim=1).flatten(1, 2)
    length = cells.own * picture.second_norm + 2 * picture.second_cross_rest
    scale = _scale(layer.layer_norm4, cells.own, length, cells, cross)
    return queries, Cells(cells.own * scale, cells.shares * scale, cells.spread)


def _update(layer: Any, queries: Tensor, seen: Tensor) -> Tensor:
    """Tokens (K, 1, T, C) that have looked at the cells -> behind the layer's norm and MLP."""
    queries = layer.layer_norm2(queries + seen)
    return layer.layer_norm3(queries + layer.mlp(queries))  # type: ignore[no-any-return]


def _look(attention: Any, norm: Any, cells: Cells, queries: Tensor, *, key: Projection, value: Tensor) -> Tensor:
    """Attention from tokens (K, 1, T, C) to the cells behind ``norm``: (K, 1, T, C)."""
    asked = _heads(attention, attention.q_proj(queries)) * attention.scaling
    weights = _scores(asked, attention.k_proj.weight * norm.weight, cells, key).softmax(-1)
    own = _gather(weights * cells.own[:, None], value)
    rows = (weights.flatten(1, 2) @ cells.shares.mT) @ cells.spread
    projection = (attention.v_proj.weight * norm.weight).view(*value.shape[:2], -1)
    spread = torch.einsum("khtc,hdc->khtd", rows.view(*weights.shape[:3], -1), projection)
    rest = attention.v_proj.weight @ norm.bias + attention.v_proj.bias
    return _joined(attention, own + spread + rest.view(value.shape[0], 1, -1))


def _scores(asked: Tensor, weight: Tensor, cells: Cells, key: Projection) -> Tensor:
    """Inner products of (K, heads, T, d) with the cells, projected by ``weight`` (heads d, C): (K, heads, T, P)."""
    folded = torch.einsum("khtd,hdc->khtc", asked, weight.view(asked.shape[1], asked.shape[3], -1)).flatten(1, 2)
    own = torch.addcmul(_along(asked, key.rest), _along(asked, key.scaled), cells.own[:, None]).flatten(1, 2)
    return torch.baddbmm(own, folded @ cells.spread.mT, cells.shares).view(*asked.shape[:3], -1)


def _scale(norm: Any, own: Tensor, length: Tensor, cells: Cells, cross: Tensor) -> Tensor:
    """(K, 1, P) one over the deviation of ``own * picture + spread^T shares``.

    Args:
        norm: the layer normalisation, of which eps is read.
        own: (K or 1, 1, P or 1).
        length: (P,) or (K, 1, P), what the picture alone contributes to the squared length, over ``own``.
        cells: with centred spread.
        cross: (K, R, P) inner products of picture and spread.
    """
    gram = cells.spread @ cells.spread.mT
    products = torch.baddbmm(cross * (2 * own), gram, cells.shares).mul_(cells.shares)
    squares = own * length + products.sum(1, keepdim=True)
    scale: Tensor = (squares.clamp_(min=0) / cells.spread.shape[2] + norm.eps).rsqrt_()
    return scale


def _only(cells: Cells, n: int) -> Cells:
    """The cells of prompt ``n``."""
    return Cells(*(part[n : n + 1] if len(part) > 1 else part for part in cells))


def _masks(decoder: Any, fine: Tensor, cells: Cells, mixing: Tensor) -> Tensor:
    """Logits (K, M, 4 y, 4 x) of ``mixing`` (K, M, fine channels) from the up-scaled cells."""
    weight, last = matrix(decoder.upscale_conv1), decoder.transformer.layers[1].layer_norm4
    bias = weight @ last.bias + decoder.upscale_conv1.bias.repeat(4)
    coarse = torch.addcmul(bias, cells.own.mT, fine.flatten(0, 1))
    coarse = torch.baddbmm(coarse, cells.shares.mT, cells.spread @ (weight * last.weight).T)
    masks: Tensor = decoder.masks(coarse, mixing, fine.shape[:2])
    return masks


def _centred(values: Tensor, dim: int = 0) -> Tensor:
    """Less the mean along the channels."""
    return values - values.mean(dim, keepdim=True)


def _heads(attention: Any, tokens: Tensor) -> Tensor:
    """(K, 1, T, heads d) -> (K, heads, T, d)."""
    heads: int = attention.num_attention_heads
    return tokens.reshape(len(tokens), tokens.shape[2], heads, -1).transpose(1, 2)


def _joined(attention: Any, seen: Tensor) -> Tensor:
    """(K, heads, T, d) -> (K, 1, T, C)."""
    return attention.out_proj(seen.transpose(1, 2).flatten(2))[:, None]  # type: ignore[no-any-return]


def _along(rows: Tensor, cells: Tensor) -> Tensor:
    """(K, heads, T, d) and (heads, d, P) -> inner products (K, heads, T, P)."""
    count, heads, tokens, _ = rows.shape
    return torch.bmm(rows.transpose(0, 1).flatten(1, 2), cells).view(heads, count, tokens, -1).transpose(0, 1)


def _gather(weights: Tensor, cells: Tensor) -> Tensor:
    """(K, heads, T, P) and (heads, d, P) -> weighted sums (K, heads, T, d)."""
    count, heads, tokens, _ = weights.shape
    found = torch.bmm(weights.transpose(0, 1).flatten(1, 2), cells.mT)
    return found.view(heads, count, tokens, -1).transpose(0, 1)


def _spread(value: Tensor, weight: Tensor) -> Tensor:
    """(K, heads, T, d) through an output layer's weight (C, heads d): what a full share adds to a cell, (K, R, C)."""
    return torch.einsum("khtd,chd->khtc", value, weight.view(len(weight), value.shape[1], -1)).flatten(1, 2)
