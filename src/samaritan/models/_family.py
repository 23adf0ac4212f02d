"""One model of the SAM family as data, and from there to the entry of the registry: build, read, check, resize, load.

A file of this room fills in a :class:`Recipe`. Nothing here imports torch before a network is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from samaritan.core import UsageError
from samaritan.models._base import ModelEntry, Segmenter, WeightCard
from samaritan.models._source import WeightSource
from samaritan.models._vit_config import ViTConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

    from samaritan.models._frame import Frame, Hints, Interpolation
    from samaritan.models._sam_network import SamNetwork

#: Input sides that a model may be run at: multiples of the first from the second to the third.
STEP, SMALLEST, LARGEST = 16, 128, 2048

#: Mask logits have so many pixels to a side of a cell of the embedding.
FINER = 4

_NORMALISED = {
    "imagenet": "ImageNet mean and deviation",
    "min_max": "min-max of the picture to 0..1",
}


@dataclass(frozen=True)
class Preparation:
    """What happens to a picture before a model sees it; see :class:`samaritan.models._frame.Frame`.

    Attributes:
        normalise: name of a function of :mod:`samaritan.models._frame`.
        keep_aspect: longest side and padding; False stretches both sides to the square.
        interpolation: "linear", "cubic" or "nearest".
        hints: what the prompt encoder takes of a mask, its "logits" or "probabilities".
    """

    normalise: Literal["imagenet", "min_max"]
    keep_aspect: bool = True
    interpolation: Interpolation = "linear"
    hints: Hints = "logits"

    def words(self, side: int) -> str:
        """For a card."""
        fitted = f"longest side to {side}" if self.keep_aspect else f"stretched to {side} x {side}"
        how = "" if self.interpolation == "linear" else f" ({self.interpolation} interpolation)"
        padded = ", zero padding right and below" if self.keep_aspect else ""
        return f"{fitted}{how}, {_NORMALISED[self.normalise]}{padded}"

    def frame(self, side: int, grid: int) -> Frame:
        """For a network that sees ``side`` pixels and answers with ``grid`` of them."""
        from samaritan.models import _frame  # noqa: PLC0415  listing models must not import torch

        normalise = getattr(_frame, self.normalise)
        return _frame.Frame(side, grid, normalise, self.keep_aspect, self.interpolation, self.hints)


#: Of SAM and of all that start from its weights without changing it.
SAM = Preparation("imagenet")


@dataclass(frozen=True)
class Recipe:
    """A model of the SAM family.

    Attributes:
        card: of its weights; ``input_size`` is the side that they were trained at.
        encoder: side of the square in pixels -> image encoder.
        preparation: of pictures.
        source: of its weights; None for those of a miniature, which are made by code.
        stride: pixels to a side of a cell of the embedding.
        decoder: hidden channels, attention heads and width of the MLPs of prompt encoder and mask decoder.
        early: channels of the early features that the encoder gives besides (SAM-HQ).
        spare: tensors that the published file holds and the network does not use, with their shapes.
        tags: of the entry.
    """

    card: WeightCard
    encoder: Callable[[int], nn.Module]
    preparation: Preparation = SAM
    source: WeightSource | None = None
    stride: int = 16
    decoder: tuple[int, int, int] = (256, 8, 2048)
    early: int = 0
    spare: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    def build(self, side: int | None = None) -> SamNetwork:
        """The network with random weights; ``side`` None is the one that the weights were trained at."""
        from samaritan.models._sam_network import DecoderConfig, SamNetwork  # noqa: PLC0415  listing models must not import torch

        side = side or self.card.input_size
        config = DecoderConfig(*self.decoder, early=self.early)
        return SamNetwork(self.encoder(side), side, side // self.stride, config)

    def outline(self, side: int | None = None) -> SamNetwork:
        """The network without memory for its weights."""
        import torch  # noqa: PLC0415

        with torch.device("meta"):
            return self.build(side)

    def layout(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the tensors in the published file."""
        return dict(self._layout)

    @cached_property
    def _layout(self) -> dict[str, tuple[int, ...]]:
        """Kept, since a file that fits nowhere is compared with every model."""
        from samaritan.models._keys import published_names  # noqa: PLC0415
        from samaritan.models._weights import published_layout  # noqa: PLC0415

        return published_layout(self.build, published_names) | dict(self.spare)

    def frame(self, side: int) -> Frame:
        """From pictures to the network's square and back."""
        return self.preparation.frame(side, FINER * side // self.stride)

    def entry(self) -> ModelEntry:
        """What the registry keeps."""
        return ModelEntry(self.card, self._loader(self.card), self.source, self.layout, self.tags, self.resized)

    def resized(self, side: int) -> ModelEntry:
        """The same weights at another input side, with a card of its own.

        Raises:
            UsageError: no network is built at that side.
        """
        card = self.card
        if side == card.input_size:
            return self.entry()
        if side % STEP or not SMALLEST <= side <= LARGEST:
            raise UsageError(
                f"{card.name} runs at sides that are multiples of {STEP} from {SMALLEST} to {LARGEST} pixels; received {side}."
            )
        other = replace(
            card, name=f"{card.name}@{side}", title=f"{card.title}, at {side} pixels", input_size=side,
            normalisation=self.preparation.words(side),
            parameters=sum(p.numel() for p in self.outline(side).parameters() if p.requires_grad),
        )  # fmt: skip
        return replace(self.entry(), card=other, load=self._loader(other))

    def _loader(self, card: WeightCard) -> Callable[..., Segmenter]:
        def load(weights: Path | None, device: str, *, allow_unverified: bool = False) -> Segmenter:
            """See :func:`samaritan.models.load_model`."""
            from samaritan.models._sam import SamSegmenter  # noqa: PLC0415

            state = self._tensors(weights, allow_unverified=allow_unverified)
            network = self._filled(state, card.input_size)
            return SamSegmenter(card.name, card, network.to(device), self.frame(card.input_size))

        return load

    def _tensors(self, weights: Path | None, *, allow_unverified: bool) -> dict[str, Tensor]:
        """Every tensor of the network at its own side, under our names."""
        from samaritan.models._strict import given_tensors  # noqa: PLC0415
        from samaritan.models._tiny import seeded, unverified  # noqa: PLC0415
        from samaritan.models._weights import read_weights  # noqa: PLC0415

        if self.source is not None:
            read = read_weights(self.source, weights, allow_unverified=allow_unverified)
            return given_tensors(self.outline(), read, self.spare, str(weights or self.source.file))
        if weights is None:
            return seeded(self.build, seed=0).state_dict()
        return given_tensors(
            self.outline(), unverified(self.card, weights, allowed=allow_unverified), self.spare, str(weights)
        )

    def _filled(self, state: dict[str, Tensor], side: int) -> SamNetwork:
        from samaritan.models._positions import resize_positions  # noqa: PLC0415

        network = self.outline(side)
        fitted = resize_positions(state, network.state_dict())
        network.load_state_dict(fitted, strict=True, assign=True)
        return network


def vit(config: ViTConfig) -> Callable[[int], nn.Module]:
    """Side -> SAM's image encoder of that shape."""

    def build(side: int) -> nn.Module:
        from samaritan.models._vit import ViT  # noqa: PLC0415

        return ViT(replace(config, side=side))

    return build
