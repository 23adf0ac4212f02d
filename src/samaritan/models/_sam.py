"""SAM's network around any image encoder, and the Segmenter that runs it.

Kirillov et al., "Segment Anything", arXiv 2304.02643, appendix A. The image encoder is whatever a model's file brings, so that
a new member of the family is a file with a card and a key map.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from samaritan.core import InputError, PromptSet
from samaritan.models._base import Embedding, Prediction, WeightCard
from samaritan.models._frame import Frame
from samaritan.models._hq_mask_decoder import HqMaskDecoder
from samaritan.models._mask_decoder import MaskDecoder
from samaritan.models._picture_decoder import PictureDecoder
from samaritan.models._prompt_encoder import PromptEncoder
from samaritan.models._prompt_tensors import PromptTensors
from samaritan.models._weights import tensors_sha256

#: Prompts decoded at once. More gain little or nothing on a CPU and take memory (docs/speed-notes.md).
CHUNK = 4


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


class SamSegmenter:
    """A :class:`samaritan.models.Segmenter` over a :class:`SamNetwork`.

    Args:
        name: in the registry.
        card: of its weights.
        network: with weights, on the device where it shall run.
        frame: from pictures to the network's square and back.
    """

    def __init__(self, name: str, card: WeightCard, network: SamNetwork, frame: Frame) -> None:
        self.name = name
        self.card = card
        self.network = network.eval()
        self.frame = frame
        self._picture_decoder = PictureDecoder(network)

    def encode(self, picture: NDArray[np.float32]) -> Embedding:
        """(x, y, 3) float32 in 0..255 -> Embedding.

        Raises:
            InputError: another shape, or values that are not finite.
        """
        return self.encode_stack([picture])[0]

    @property
    def depth(self) -> int:
        """Number of neighbouring slices that :meth:`encode_stack` shall be given; 1 for all but depth-aware adaptations."""
        return self.network.stack

    def encoder_fingerprint(self) -> str | None:
        """See :meth:`samaritan.models._base.RepeatableSegmenter.encoder_fingerprint`.

        Adaptations that leave the image encoder alone share the fingerprint of their base.
        """
        network = self.network
        if not network.encoder_repeatable:
            return None
        weights = tensors_sha256(network.image_encoder.state_dict())
        structure = f"{self.name} {network.encoder_recipe} {self.frame.describe()}"
        return f"{structure} weights={weights} torch {self._device.type}"

    @torch.inference_mode()
    def encode_stack(self, pictures: Sequence[NDArray[np.float32]]) -> list[Embedding]:
        """Neighbouring slices, in order, each (x, y, 3) float32 in 0..255 -> an Embedding of each that knows of the others.

        Raises:
            InputError: another shape, or values that are not finite.
        """
        pixels = torch.cat([self.frame.pixels(picture) for picture in pictures]).to(self._device)
        self.network.depth = len(pictures)
        try:
            with evaluating(self.network):
                features = self.encode_pixels(pixels).contiguous()
        finally:
            self.network.depth = 1
        shapes = [(picture.shape[0], picture.shape[1]) for picture in pictures]
        return [Embedding(self.network.split(features[n : n + 1]), shape) for n, shape in enumerate(shapes)]

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        """(picture, 3, side, side) in the network's square -> (picture, channels, cells, cells); what a runtime replaces."""
        return self.network.encode(pixels)

    @torch.inference_mode()
    def decode(
        self, embedding: Embedding, prompts: Sequence[PromptSet], *, multimask: bool = False
    ) -> list[Prediction]:
        """One Prediction per PromptSet, in order.

        Prompts of one kind (as many points, with or without a box, with or without a mask) run together, a few at a time;
        nothing is padded, so each gives what it gives alone.

        Raises:
            PromptError: a prompt lies outside the picture, or a mask hint does not fit it.
            InputError: the embedding is not of this model.
        """
        features = self._features(embedding)
        for prompt in prompts:
            prompt.check_inside(embedding.shape)
        answers: dict[int, Prediction] = {}
        with evaluating(self.network):
            decode = self._decoder(features, prompts)
            for chunk in _chunks(prompts):
                tensors = self.prompt_tensors([prompts[i] for i in chunk], embedding.shape).to(self._device)
                low_res, quality = decode(tensors, multimask)
                predictions = self._predictions(low_res, quality, embedding.shape)
                answers.update(zip(chunk, predictions, strict=True))
        return [answers[i] for i in range(len(prompts))]

    def prompt_tensors(self, prompts: Sequence[PromptSet], shape: tuple[int, int]) -> PromptTensors:
        """Prompts of one kind on a picture of ``shape`` (x, y) -> tensors in the network's square."""
        points = [p.points for p in prompts if p.points is not None]
        boxes = [p.box for p in prompts if p.box is not None]
        masks = [p.mask for p in prompts if p.mask is not None]
        return PromptTensors(
            points=torch.stack([self.frame.positions(p.ijk, shape) for p in points])[:, None] if points else None,
            labels=torch.stack([torch.from_numpy(p.labels.copy()) for p in points])[:, None] if points else None,
            boxes=torch.stack([self.frame.box(b, shape) for b in boxes])[:, None] if boxes else None,
            masks=torch.stack([self.frame.hint(m, shape) for m in masks]) if masks else None,
            texts=tuple(p.text for p in prompts),
        )

    def _decoder(
        self, features: Tensor, prompts: Sequence[PromptSet]
    ) -> Callable[[PromptTensors, bool], tuple[Tensor, Tensor]]:
        """The quick way for prompts without a mask where the network allows it, the network's own for all others."""
        quick = self._picture_decoder
        side = quick.side(features) if any(p.mask is None for p in prompts) and quick.applies() else None

        def decode(tensors: PromptTensors, multimask: bool) -> tuple[Tensor, Tensor]:
            if side is None or tensors.masks is not None:
                return self.network.decode(features, tensors, multimask=multimask)
            return quick.decode(side, tensors, multimask=multimask)

        return decode

    @property
    def _device(self) -> torch.device:
        return self.network.position_grid.device

    def _features(self, embedding: Embedding) -> Tensor:
        received = {name: tuple(tensor.shape) for name, tensor in embedding.features.items()}
        allowed = self.network.feature_shapes
        if received != allowed:
            raise InputError(f"The embedding is not of {self.name}: it holds {received}, needed is {allowed}.")
        return self.network.join(embedding.features).to(self._device)

    def _predictions(self, low_res: Tensor, quality: Tensor, shape: tuple[int, int]) -> Iterator[Prediction]:
        low_res, quality = low_res.float(), quality.float().cpu()
        full = self.frame.restore(low_res, shape).cpu()
        for logits, estimate, coarse in zip(full, quality, low_res.cpu(), strict=True):
            yield Prediction(logits.numpy(), estimate.numpy().copy(), coarse.numpy().copy())


def kind_of(prompt: PromptSet) -> tuple[int, bool, bool]:
    """Number of points, whether there is a box, and a mask; prompts of one kind can run together."""
    return len(prompt.points) if prompt.points else 0, prompt.box is not None, prompt.mask is not None


def _chunks(prompts: Sequence[PromptSet]) -> Iterator[list[int]]:
    """Indices of prompts of one kind, at most :data:`CHUNK` at a time."""
    kinds: dict[tuple[int, bool, bool], list[int]] = defaultdict(list)
    for index, prompt in enumerate(prompts):
        kinds[kind_of(prompt)].append(index)
    for members in kinds.values():
        yield from (members[i : i + CHUNK] for i in range(0, len(members), CHUNK))


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Evaluation mode, and afterwards every module as it was (a prediction between training steps)."""
    training = [module for module in network.modules() if module.training]
    if training:
        network.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def _refresh_positions(network: nn.Module, _keys: object) -> None:
    """The position grid follows from the loaded weights."""
    if isinstance(network, SamNetwork):
        network.position_grid = network._encode_positions()
