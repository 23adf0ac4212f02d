"""From a line of a table to a registered model of SAM 2's architecture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samaritan.core import UsageError
from samaritan.models._base import MODELS, ModelEntry, Segmenter, WeightCard
from samaritan.models._source import WeightSource

if TYPE_CHECKING:
    from samaritan.models._sam2 import Sam2Network

#: Size of the Hiera of each published model, as :class:`samaritan.models._hiera.HieraConfig` takes it.
SIZES: Mapping[str, Mapping[str, Any]] = {
    "tiny": {},
    "small": {"depths": (1, 2, 11, 2), "whole": (7, 10, 13)},
    "base-plus": {"width": 112, "heads": 2, "depths": (2, 3, 16, 3), "whole": (12, 16, 20), "background": 14},
    "large": {
        "width": 144, "heads": 2, "depths": (2, 6, 36, 4), "windows": (8, 4, 16, 8), "whole": (23, 33, 43),
    },
}  # fmt: skip


#: Sides of the square that a network can be built for: the first stage's windows tile the map.
STEP, SMALLEST, LARGEST = 32, 128, 2048


@dataclass(frozen=True)
class Sam2Weights:
    """One published set of weights.

    Attributes:
        card: what is known about it.
        source: where it is published.
        size: of the image encoder, in :data:`SIZES`.
        revised: whether the memory is that of SAM 2.1.
    """

    card: WeightCard
    source: WeightSource
    size: str
    revised: bool = True

    def build_network(self) -> Sam2Network:
        """The network with random weights."""
        from samaritan.models._hiera import HieraConfig  # noqa: PLC0415  listing models must not import torch
        from samaritan.models._sam2 import Sam2Network  # noqa: PLC0415
        from samaritan.models._sam2_tracker import TrackerConfig  # noqa: PLC0415

        tracker = TrackerConfig(revised=self.revised)
        return Sam2Network(HieraConfig(**SIZES[self.size]), self.card.input_size, tracker=tracker)

    def load(self, weights: Path | None, device: str, *, allow_unverified: bool = False) -> Segmenter:
        """Read, verify and load; see :func:`samaritan.models.load_model`.

        A file has the authors' tensor names, or those of ``transformers`` on the hub.
        """
        from samaritan.models._sam2 import Sam2Segmenter, frame_of  # noqa: PLC0415
        from samaritan.models._sam2_keys import fill  # noqa: PLC0415
        from samaritan.models._weights import read_weights  # noqa: PLC0415

        state = read_weights(self.source, weights, allow_unverified=allow_unverified)
        network = self.build_network()
        fill(network, state, str(weights or self.source.file))
        return Sam2Segmenter(self.card.name, self.card, network.to(device), frame_of(self.card.input_size))

    def layout(self) -> Mapping[str, tuple[int, ...]]:
        """Names and shapes of the published tensors."""
        from samaritan.models._sam2_keys import authors_names  # noqa: PLC0415
        from samaritan.models._weights import published_layout  # noqa: PLC0415

        return published_layout(self.build_network, authors_names)

    def entry(self) -> ModelEntry:
        """What the registry keeps."""
        return ModelEntry(self.card, self.load, self.source, self.layout, resized=self.resized)

    def resized(self, side: int) -> ModelEntry:
        """The same weights at another input side: Hiera's positions and the memory's follow from the size of their map.

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
            normalisation=words(side),
        )  # fmt: skip
        return replace(self, card=other).entry()


def words(side: int) -> str:
    """How pictures are prepared for a square of that side."""
    return f"stretched to {side} x {side}, ImageNet mean and deviation"


def enter(published: Sam2Weights) -> None:
    """Register a model."""
    MODELS.add(published.card.name, published.entry())
