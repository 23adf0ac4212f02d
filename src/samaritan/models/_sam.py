"""The Segmenter that runs SAM's network on pictures and prompts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from samaritan.core import InputError, PromptSet
from samaritan.models._base import Embedding, Prediction, WeightCard
from samaritan.models._frame import Frame
from samaritan.models._picture_decoder import PictureDecoder
from samaritan.models._prompt_tensors import PromptTensors
from samaritan.models._sam_network import SamNetwork
from samaritan.models._weights import tensors_sha256

#: Prompts decoded at once. More gain little or nothing on a CPU and take memory (docs/speed-notes.md).
CHUNK = 4


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
