"""From a line of a table to a registered model of SAM 2's architecture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

    def build_network(self, side: int | None = None) -> Sam2Network:
        """The network with random weights, at its own input side or another."""
        from samaritan.models._hiera import HieraConfig  # noqa: PLC0415  listing models must not import torch
        from samaritan.models._sam2 import Sam2Network  # noqa: PLC0415
        from samaritan.models._sam2_tracker import TrackerConfig  # noqa: PLC0415

        tracker = TrackerConfig(revised=self.revised)
        return Sam2Network(HieraConfig(**SIZES[self.size]), side or self.card.input_size, tracker=tracker)

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


def enter(published: Sam2Weights) -> None:
    """Register a model."""
    load, layout = partial(Sam2Weights.load, published), partial(Sam2Weights.layout, published)
    MODELS.add(published.card.name, ModelEntry(published.card, load, published.source, layout))
