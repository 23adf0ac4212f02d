"""SAM 2's prompt encoder and mask decoder, as far as they differ from SAM's.

Ravi et al., "SAM 2: Segment Anything in Images and Videos", arXiv 2408.00714, appendix D.1. The corners of a box come before
the points, and one token that is no point ends every question; finer maps of the picture are added to the up-scalings; one
more token asks whether the target is there at all; the estimated IoU is a sigmoid; and a single mask that hangs on a
threshold gives way to the best of the three candidates.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from samaritan.models._mask_decoder import MaskDecoder
from samaritan.models._prompt_encoder import PromptEncoder

#: A single mask is stable if its area above +DELTA is at least this part of its area above -DELTA.
STABLE, DELTA = 0.98, 0.05


class Sam2PromptEncoder(PromptEncoder):
    """Points, boxes and mask hints -> tokens and a dense embedding, in SAM 2's order."""

    def places(
        self, points: Tensor | None, labels: Tensor | None, boxes: Tensor | None
    ) -> tuple[Tensor, Tensor] | None:
        """Corners, points, and one place that is no point; see :meth:`PromptEncoder.places`."""
        places, kinds = [], []
        if boxes is not None:
            places.append(boxes.view(*boxes.shape[:2], 2, 2))
            kinds.append(torch.tensor([2, 3], device=boxes.device).expand(*boxes.shape[:2], 2))
        if points is not None and labels is not None:
            places.append(points)
            kinds.append(labels)
        if not places:
            return None
        places.append(places[0].new_zeros(*places[0].shape[:2], 1, 2))
        kinds.append(kinds[0].new_full((*kinds[0].shape[:2], 1), -1))
        return torch.cat(places, dim=2), torch.cat(kinds, dim=2)

    def filling(self, points: Tensor | None, boxes: Tensor | None) -> int | None:
        """See :meth:`PromptEncoder.filling`."""
        if points is None and boxes is None:
            return None
        return (0 if points is None else points.shape[2]) + (0 if boxes is None else 2)


class Sam2MaskDecoder(MaskDecoder):
    """Prompt tokens and a packed embedding -> masks and their estimated IoU.

    What is called features here is packed, see :mod:`samaritan.models._levels`.
    """

    def __init__(self, hidden: int, heads: int, mlp: int) -> None:
        super().__init__(hidden, heads, mlp)
        self.obj_score_token = nn.Embedding(1, hidden)

    def forward(
        self,
        image_embeddings: Tensor,
        image_positional_embeddings: Tensor,
        sparse_prompt_embeddings: Tensor | None,
        dense_prompt_embeddings: Tensor,
        *,
        multimask_output: bool,
    ) -> tuple[Tensor, Tensor]:
        """As :meth:`MaskDecoder.forward`, of features (n, 4 C, y, x).

        Where gradients are wanted the single mask is taken as it is, so that a loss sees it; otherwise see :func:`single`.
        """
        tokens = self.asked(image_embeddings.shape[0], sparse_prompt_embeddings)
        masks, quality = self.answer(tokens, image_embeddings, dense_prompt_embeddings, image_positional_embeddings)
        if multimask_output or torch.is_grad_enabled():
            wanted = slice(1, None) if multimask_output else slice(0, 1)
            return masks[:, :, wanted], quality[:, :, wanted]
        return single(masks, quality)

    def own_tokens(self) -> Tensor:
        """(2 + answers, C): the token of presence, then those of SAM."""
        return torch.cat([self.obj_score_token.weight, super().own_tokens()])

    def answer(self, tokens: Tensor, features: Tensor, dense: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """See :meth:`MaskDecoder.answer`."""
        image, fine = features[:, : self.hidden_size], features[:, self.hidden_size :]
        return self.answer_and_tokens(tokens, image + dense, fine, positions)[:2]

    def answer_and_tokens(
        self, tokens: Tensor, image: Tensor, fine: Tensor, positions: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """All four answers, and what became of the tokens.

        Args:
            tokens: (n, 1, T, C), the own ones first.
            image: (n, C, y, x) with what memories and prompts add to it.
            fine: (1 or n, 3 C, y, x), the finer maps as a packed embedding holds them.
            positions: (1, C, y, x).

        Returns:
            Logits (n, 1, 4, 4 y, 4 x), estimated IoU (n, 1, 4) and tokens (n, T, C): presence, quality, the four answers, ...
        """
        hidden = self.hidden_size
        queries, cells = self.transformer(tokens, image, positions)
        networks = self.output_hypernetworks_mlps
        mixing = torch.stack([network(queries[:, 0, 2 + n]) for n, network in enumerate(networks)], dim=1)
        maps = fine.flatten(2).mT
        coarse = self.coarse(cells[:, 0]) + maps[..., :hidden]
        masks = self.masks(coarse, mixing, image.shape[2:], maps[..., hidden:])
        quality: Tensor = self.iou_prediction_head(queries[:, :, 1]).sigmoid()
        return masks[:, None], quality, queries[:, 0]


def single(masks: Tensor, quality: Tensor) -> tuple[Tensor, Tensor]:
    """Of four answers the single one where it is stable, else the candidate with the highest estimated IoU.

    Args:
        masks: (n, 1, 4, y, x) logits, the single answer first.
        quality: (n, 1, 4).

    Returns:
        (n, 1, 1, y, x) and (n, 1, 1).
    """
    first = masks[:, :, 0].flatten(2)
    inner, outer = ((first > delta).sum(-1).float() for delta in (DELTA, -DELTA))
    stable = torch.where(outer > 0, inner / outer, 1.0) >= STABLE
    chosen = torch.where(stable, 0, 1 + quality[:, :, 1:].argmax(-1))[..., None]
    picked = masks.gather(2, chosen[..., None, None].expand(-1, -1, -1, *masks.shape[3:]))
    return picked, quality.gather(2, chosen)
