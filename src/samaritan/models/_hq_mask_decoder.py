"""SAM-HQ's mask decoder: Ke et al., "Segment Anything in High Quality", arXiv 2306.01567, section 3.2.

SAM's decoder with one more token, whose mask is made on a finer map: pixels of the decoder behind two convolutions, plus the
image embedding and features of an early encoder block, both up-scaled by four. Modules and parameters are called as in
``transformers``, whose function this is (tests/models).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.models._mask_decoder import FeedForward, MaskDecoder, arranged
from samaritan.models._norm import ChannelNorm


class HqMaskDecoder(MaskDecoder):
    """As :class:`MaskDecoder`; each of its masks is the sum of SAM's and of the one in high quality.

    An image embedding has ``hidden + early`` channels: those of the neck, and behind them the early features. Of three
    candidates the authors return the one with the highest quality; here all three come back.

    Args:
        hidden: C.
        heads: of each attention.
        mlp: hidden width of the transformer's MLPs.
        early: channels of the early features.
    """

    def __init__(self, hidden: int, heads: int, mlp: int, early: int) -> None:
        super().__init__(hidden, heads, mlp)
        fine = hidden // 8
        self.hq_token = nn.Embedding(1, hidden)
        self.hq_mask_mlp = FeedForward(hidden, hidden, fine)
        self.compress_vit_conv1 = nn.ConvTranspose2d(early, hidden, kernel_size=2, stride=2)
        self.compress_vit_norm = ChannelNorm(hidden)
        self.compress_vit_conv2 = nn.ConvTranspose2d(hidden, fine, kernel_size=2, stride=2)
        self.encoder_conv1 = nn.ConvTranspose2d(hidden, hidden // 4, kernel_size=2, stride=2)
        self.encoder_norm = ChannelNorm(hidden // 4)
        self.encoder_conv2 = nn.ConvTranspose2d(hidden // 4, fine, kernel_size=2, stride=2)
        self.mask_conv1 = nn.Conv2d(fine, hidden // 4, kernel_size=3, padding=1)
        self.mask_norm = ChannelNorm(hidden // 4)
        self.mask_conv2 = nn.Conv2d(hidden // 4, fine, kernel_size=3, padding=1)

    def own_tokens(self) -> Tensor:
        """(2 + answers, C): those of SAM, then the token of the mask in high quality."""
        return torch.cat([super().own_tokens(), self.hq_token.weight])

    def answer(self, tokens: Tensor, features: Tensor, dense: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """As :meth:`MaskDecoder.answer`; ``features`` (n, C + early, y, x)."""
        size, hidden = features.shape[2:], self.hidden_size
        queries, cells = self.transformer(tokens, features[:, :hidden] + dense, positions)
        networks = self.output_hypernetworks_mlps
        mixing = torch.stack([network(queries[:, 0, 1 + n]) for n, network in enumerate(networks)], dim=1)
        pixels = self.pixels(self.coarse(cells[:, 0]))
        masks = arranged(mixing @ pixels.mT, size)

        # one picture that is asked several questions is up-scaled once
        picture = features[:1] if features.stride(0) == 0 else features
        finer = self.refined(arranged(pixels.mT, size)) + self.fine(picture)
        weights = self.hq_mask_mlp(queries[:, 0, 1 + len(networks)])
        hq = (weights[:, None] @ finer.flatten(2)).view(masks.shape[0], 1, *masks.shape[2:])
        return (masks + hq)[:, None], self.iou_prediction_head(queries[:, :, 0])

    def fine(self, features: Tensor) -> Tensor:
        """What all questions about a picture share, (n, C + early, y, x) -> (n, C / 8, 4 y, 4 x)."""
        final, early = features[:, : self.hidden_size], features[:, self.hidden_size :]
        late = self.encoder_conv2(functional.gelu(self.encoder_norm(self.encoder_conv1(final))))
        soon = self.compress_vit_conv2(functional.gelu(self.compress_vit_norm(self.compress_vit_conv1(early))))
        shared: Tensor = late + soon
        return shared

    def refined(self, pixels: Tensor) -> Tensor:
        """Pixels of SAM's decoder behind two convolutions, (n, C / 8, 4 y, 4 x) -> the same shape."""
        changed: Tensor = self.mask_conv2(functional.gelu(self.mask_norm(self.mask_conv1(pixels))))
        return changed
