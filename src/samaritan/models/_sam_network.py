"""SAM's network around any image encoder.

Kirillov et al., "Segment Anything", arXiv 2304.02643, appendix A. The image encoder is whatever a model's file brings, so that
a new member of the family is a file with a card and a key map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from samaritan.models._hq_mask_decoder import HqMaskDecoder
from samaritan.models._mask_decoder import MaskDecoder
from samaritan.models._prompt_encoder import PromptEncoder
from samaritan.models._prompt_tensors import PromptTensors


@dataclass(frozen=True)
class DecoderConfig:
    """Size of the prompt encoder and the mask decoder; the defaults are those of every published SAM.

    Attributes:
        hidden: channels of the image embedding.
        heads: attention heads.
        mlp: hidden width of the two-way transformer's MLPs.
        early: channels of the early features that lie behind those of the image embedding; with some, the mask decoder is
            SAM-HQ's.
    """

    hidden: int = 256
    heads: int = 8
    mlp: int = 2048
    early: int = 0

    def mask_decoder(self) -> MaskDecoder:
        """A mask decoder of this size."""
        shape = self.hidden, self.heads, self.mlp
        return HqMaskDecoder(*shape, self.early) if self.early else MaskDecoder(*shape)


class SamNetwork(nn.Module):
    """Image encoder, prompt encoder and mask decoder as one plain module, for inference and for training.

    Args:
        image_encoder: (batch, 3, side, side) -> (batch, hidden, cells, cells), with early features more channels.
        side: of the encoder's input in pixels.
        cells: side of the image embedding.
        config: size of the prompt encoder and the mask decoder.

    Attributes:
        early: channels of early features behind those of the image embedding (SAM-HQ); 0 where there are none.
        token_sources: what adaptations add to a question: modules (texts of n prompts) -> (n, 1, token, hidden), whose tokens
            go behind those of points and boxes; empty in a network as published.
        asked: the prompts of the call to :meth:`decode` that is running, for modules that depend on them.
        sparse: what :meth:`embed_prompts` made of these, (n, 1, token, hidden); None without points, boxes and added tokens.
        depth: number of neighbouring slices that lie one after the other along the batch axis of :meth:`encode`; 1 where
            pictures have nothing to do with each other.
        stack: number of neighbouring slices that an adaptation wants to see together; 1 where it looks at single ones.
        adaptation: name of the method that is attached; None where the network is as published.
        encoder_recipe: method and settings, where the method that is attached changes the image encoder; None otherwise.
        encoder_repeatable: False where an attached method may let the encoder answer differently to the same pictures.
    """

    position_grid: Tensor
    prompt_encoder_type: ClassVar[type[PromptEncoder]] = PromptEncoder

    def __init__(self, image_encoder: nn.Module, side: int, cells: int, config: DecoderConfig | None = None) -> None:
        super().__init__()
        config = config or DecoderConfig()
        self.image_encoder = image_encoder
        self.early = config.early
        self.prompt_encoder: Any = self.prompt_encoder_type(config.hidden, side, cells)
        self.mask_decoder: Any = self.new_mask_decoder(config)
        self.cells = cells
        self.token_sources = nn.ModuleList()
        self.asked: PromptTensors | None = None
        self.sparse: Tensor | None = None
        self.depth = self.stack = 1
        self.adaptation: str | None = None
        self.encoder_recipe: str | None = None
        self.encoder_repeatable = True
        self.register_buffer("position_grid", self._encode_positions(), persistent=False)
        self.register_load_state_dict_post_hook(_refresh_positions)  # type: ignore[no-untyped-call]

    def new_mask_decoder(self, config: DecoderConfig) -> MaskDecoder:
        """A mask decoder of that size, of the kind that belongs to this network."""
        return config.mask_decoder()

    @property
    def channels(self) -> int:
        """Of what :meth:`encode` gives: those of the image embedding, and of early features or finer maps where it has them."""
        return int(self.position_grid.shape[1]) + self.early

    @property
    def feature_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the features of a picture's embedding."""
        return {"image": (1, self.channels, self.cells, self.cells)}

    def split(self, features: Tensor) -> dict[str, Tensor]:
        """What :meth:`encode` gives for one picture -> the features of its embedding."""
        return {"image": features}

    def join(self, features: Mapping[str, Tensor]) -> Tensor:
        """The inverse of :meth:`split`."""
        return features["image"]

    @property
    def empty(self) -> Tensor:
        """(1, hidden) what is added to each cell of the image embedding where there is no mask hint."""
        embedding: Tensor = self.prompt_encoder.no_mask_embed.weight
        return embedding

    def encode(self, pixels: Tensor) -> Tensor:
        """(batch, 3, side, side) -> (batch, channels, cells, cells)."""
        features: Tensor = self.image_encoder(pixels)
        return features

    def decode(self, features: Tensor, prompts: PromptTensors, *, multimask: bool) -> tuple[Tensor, Tensor]:
        """Several prompts of one kind, on one image or each on its own.

        Args:
            features: (1 or n, channels, cells, cells).
            prompts: of the n questions.
            multimask: three candidates for each instead of one.

        Returns:
            Logits (n, candidate, grid, grid) and estimated IoU (n, candidate), with one candidate or with three.
        """
        self.asked = prompts
        self.sparse, dense = self.embed_prompts(prompts)
        low_res, quality = self.mask_decoder(
            image_embeddings=features.expand(prompts.count, -1, -1, -1),
            image_positional_embeddings=self.position_grid,
            sparse_prompt_embeddings=self.sparse,
            dense_prompt_embeddings=dense,
            multimask_output=multimask,
        )
        self.asked = self.sparse = None
        return low_res[:, 0], quality[:, 0]

    def embed_prompts(self, prompts: PromptTensors) -> tuple[Tensor | None, Tensor]:
        """Prompts -> sparse tokens (n, 1, token, hidden), None where there are none, and a dense (n, hidden, cells, cells).

        Prompts run along the batch axis, so that each may have its own mask.
        """
        sparse, dense = self.prompt_encoder(prompts.points, prompts.labels, prompts.boxes, prompts.masks)
        added = [source(prompts.texts) for source in self.token_sources]
        tokens = ([] if sparse is None else [sparse]) + added
        return torch.cat(tokens, dim=2) if tokens else None, dense.expand(prompts.count, -1, -1, -1)

    def forward(self, pixels: Tensor, prompts: PromptTensors, *, multimask: bool = False) -> tuple[Tensor, Tensor]:
        """:meth:`encode` of one image (1, 3, side, side), then :meth:`decode`; differentiable."""
        return self.decode(self.encode(pixels), prompts, multimask=multimask)

    @torch.no_grad()
    def _encode_positions(self) -> Tensor:
        """(1, hidden, cells, cells) Fourier features of the cell centres, constant for given weights."""
        embedding = self.prompt_encoder.shared_embedding
        centres = (torch.arange(self.cells, device=embedding.positional_embedding.device) + 0.5) / self.cells
        y, x = torch.meshgrid(centres, centres, indexing="ij")
        grid: Tensor = embedding(torch.stack([x, y], dim=-1)).permute(2, 0, 1)[None].contiguous()
        return grid


def _refresh_positions(network: nn.Module, _keys: object) -> None:
    """The position grid follows from the loaded weights."""
    if isinstance(network, SamNetwork):
        network.position_grid = network._encode_positions()
