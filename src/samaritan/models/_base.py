"""The contract of a promptable model, and the card that tells where its weights come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet, Registry, UsageError
from samaritan.models._source import WeightSource, find_any

if TYPE_CHECKING:  # cards are listed without waiting for torch
    import torch


@dataclass(frozen=True)
class WeightCard:
    """What is known about one set of weights; printed by ``samaritan models`` and stored with every result.

    Attributes:
        name: name of the model in the registry.
        title: one line for a person.
        url: where the authors publish the weights.
        sha256: of the file as published; None for weights that are made by code (the tiny variants), or where it is unknown.
        size: of that file in bytes; None likewise.
        licence: SPDX name of the weights' licence.
        training_data: what was trained on. One word is a name of :data:`samaritan.core.public_data.PUBLIC_DATA` ("sa-1b",
            "medsam-collection") and marks rows of the benchmark whose data the checkpoint has seen; several words are prose.
        input_size: side of the square that the network sees, in pixels.
        normalisation: how 0..255 becomes the network's input, in words.
        prompts: kinds of prompt the weights were trained for ("box", "points", "mask"); others run, with a warning.
        paper: key or arXiv number of the paper.
        parameters: number of parameters.
        inherited_data: likewise, of models that this one started from or was distilled from; rows are marked "possibly".
        training_data_complete: whether the names list everything; only then can a row say that its data were not seen.
    """

    name: str
    title: str
    url: str
    sha256: str | None
    size: int | None
    licence: str
    training_data: tuple[str, ...]
    input_size: int
    normalisation: str
    prompts: tuple[str, ...]
    paper: str
    parameters: int
    inherited_data: tuple[str, ...] = ()
    training_data_complete: bool = False


@dataclass(frozen=True, eq=False)
class Embedding:
    """One picture, encoded.

    Attributes:
        features: (1, channel, y, x) tensors of the network, named.
        shape: size (x, y) of the picture that was encoded.
    """

    features: dict[str, torch.Tensor]
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model answers to one :class:`PromptSet`.

    Attributes:
        logits: (candidate, x, y) float32 at the picture's own size; > 0 is the mask.
        quality: (candidate,) float32, the model's own estimate of each candidate's IoU.
        low_res: (candidate, y, x) float32 logits on the network's grid (on the picture's own pixels where a predictor looks at
            parts of it); feed one back to where it came from as ``MaskHint(low_res[c], "model")``.
    """

    logits: NDArray[np.float32]
    quality: NDArray[np.float32]
    low_res: NDArray[np.float32]

    @property
    def masks(self) -> NDArray[np.bool_]:
        """(candidate, x, y) bool."""
        return self.logits > 0


@runtime_checkable
class Segmenter(Protocol):
    """A promptable model. Encode once, prompt many.

    The contract, tested for every registered model:
        1. A picture is (x, y, 3) float32 in 0..255, axes as in :mod:`samaritan.core.view`; x and y may differ and be any
           size from 1 pixel. Prompts are at (x, y, 0) of that picture.
        2. ``encode`` is called once per picture; ``decode`` never encodes.
        3. ``decode`` of a batch gives what its prompts give alone (to 1e-4 in the logits), whatever their counts and kinds.
        4. With ``multimask=False`` there is one candidate, with True there are three.
        5. The same call gives the same bits; nothing is left in training mode.
        6. A prompt outside the picture is refused with ``PromptError``.
    """

    name: str
    card: WeightCard

    @property
    def network(self) -> torch.nn.Module:
        """All weights; a plain module, so that adaptations and exporters can work on it."""
        ...

    def encode(self, picture: NDArray[np.float32]) -> Embedding:
        """(x, y, 3) float32 in 0..255 -> Embedding."""
        ...

    def decode(
        self, embedding: Embedding, prompts: Sequence[PromptSet], *, multimask: bool = False
    ) -> list[Prediction]:
        """One Prediction per PromptSet, in order; an empty PromptSet asks without any prompt."""
        ...


@runtime_checkable
class StackSegmenter(Segmenter, Protocol):
    """A model that may want to see the neighbours of a slice."""

    @property
    def depth(self) -> int:
        """Number of neighbouring slices to encode together; 1 where a slice is looked at by itself."""
        ...

    def encode_stack(self, pictures: Sequence[NDArray[np.float32]]) -> list[Embedding]:
        """Neighbouring slices, in order, each (x, y, 3) float32 in 0..255 -> their Embeddings; fewer than ``depth`` will do."""
        ...


@dataclass(frozen=True, eq=False)
class Memory:
    """What a model with a memory keeps of one target on one slice.

    Attributes:
        features: tensors of the network with a leading axis of 1, named.
        prompted: whether a person said something about the target on that slice.
    """

    features: dict[str, torch.Tensor]
    prompted: bool


@dataclass(frozen=True, eq=False)
class Track:
    """One target, to be found on a slice.

    Attributes:
        past: (distance in slices, memory) of slices where it was looked at before; the distance is 1 or more, whichever way.
            A slice that was prompted and lies ahead, on the other side of this one than where the walk comes from, has its
            distance with a minus.
        prompt: what a person says about it on this slice; None follows the memories alone.
    """

    past: tuple[tuple[int, Memory], ...] = ()
    prompt: PromptSet | None = None


@runtime_checkable
class TrackingSegmenter(Segmenter, Protocol):
    """A model with a memory (SAM 2): what it found on some slices tells it what to look for on the next."""

    def follow(self, embedding: Embedding, tracks: Sequence[Track]) -> list[tuple[Prediction, Memory]]:
        """One answer per target, in order, and the memory that later slices are to be given.

        Nothing is kept between calls; each target's answer is what it is alone. A target that is not on the slice any more
        gets logits <= 0 everywhere. A prompt that is a mask on the picture and nothing else is the answer, to the pixel.

        Raises:
            PromptError: a prompt lies outside the picture, or a track has neither past nor prompt.
        """
        ...


@runtime_checkable
class RepeatableSegmenter(Segmenter, Protocol):
    """A model whose embeddings can be kept from one process to the next."""

    def encoder_fingerprint(self) -> str | None:
        """Everything beside the pictures that decides what the encoder answers.

        Weights, structure, preparation of the picture, runtime, device and precision. None where the same pictures may be
        encoded in different ways (a method that draws samples in the encoder), so that nothing must be kept.
        """
        ...


@dataclass(frozen=True)
class ModelEntry:
    """A registered model: its card, where its weights are, and how to build it.

    Attributes:
        card: the weight card.
        load: ``load(weights: Path | None, device: str, *, allow_unverified: bool) -> Segmenter``; None means the card's own
            weights, wherever found.
        source: of the card's weights; None where they are made by code.
        layout: ``layout() -> {published tensor name: shape}``, by which a checkpoint is recognised
            (:func:`samaritan.models._weights.published_layout` builds it without memory); None where it is not known.
        begins: how the name of a tensor in its files begins, where a look at names shall spare building a large network only to
            find that a file is not its.
        unused: beginnings of names of tensors that a published file holds for other uses, and that are left out.
        tags: e.g. ("tiny",) for the variants that tests use.
        resized: ``resized(side) -> ModelEntry``, the same weights at another input side; None where there is but one.
    """

    card: WeightCard
    load: Callable[..., Segmenter]
    source: WeightSource | None = None
    layout: Callable[[], Mapping[str, tuple[int, ...]]] | None = None
    tags: tuple[str, ...] = field(default=())
    resized: Callable[[int], ModelEntry] | None = None
    begins: str = ""
    unused: tuple[str, ...] = ()

    def may_hold(self, names: Iterable[str]) -> bool:
        """Whether a file with tensors of these names is worth comparing with the layout."""
        return self.layout is not None and any(name.startswith(self.begins) for name in names)

    def find(self) -> Path | None:
        """Where this machine has the card's weights; None where it has not, or where they are made by code."""
        return None if self.source is None else find_any(self.source)


class ModelRegistry(Registry[ModelEntry]):
    """Models by name; NAME@SIDE is a model at another input side than its weights were trained at."""

    def get(self, name: str) -> ModelEntry:
        """The entry of that name.

        Raises:
            UnknownNameError: with the nearest names.
            UsageError: the model is not built at that side.
        """
        base, spelled, side = name.partition("@")
        entry = super().get(base)
        if not spelled:
            return entry
        if entry.resized is None:
            raise UsageError(f"{base} runs at {entry.card.input_size} pixels alone; leave @{side} out.")
        if not (side.isascii() and side.isdigit()):
            raise UsageError(f"Behind the @ of {name!r} stands the side of the square in pixels, as in {base}@512.")
        return entry.resized(int(side))


MODELS = ModelRegistry("model", "samaritan.models")
