"""LiteMedSAM's architecture in miniature, random weights: for tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from samaritan.models._base import MODELS, ModelEntry, Segmenter, WeightCard

if TYPE_CHECKING:
    from samaritan.models._sam_network import SamNetwork

SIDE = 64

CARD = WeightCard(
    name="tiny-litemedsam",
    title="Miniature of LiteMedSAM with random weights, for tests",
    url="",
    sha256=None,
    size=None,
    licence="Apache-2.0",
    training_data=(),
    input_size=SIDE,
    normalisation="longest side to 64, min-max of the picture to 0..1, zero padding right and below",
    prompts=("box", "points", "mask"),
    paper="arXiv 2304.12306",
    parameters=58_419,
)


def build_network() -> SamNetwork:
    """The network with torch's own initial weights."""
    from samaritan.models._sam_network import DecoderConfig, SamNetwork  # noqa: PLC0415  listing models must not import torch
    from samaritan.models._tinyvit import TinyViT, TinyViTConfig  # noqa: PLC0415

    config = TinyViTConfig(
        widths=(8, 8, 16, 16), depths=(1, 1, 1, 1), heads=(1, 1, 2, 2), windows=(7, 7, 14, 7), neck=32
    )
    return SamNetwork(TinyViT(config), side=SIDE, cells=SIDE // config.stride, config=DecoderConfig(32, 2, 32))


def load(weights: Path | None, device: str, *, allow_unverified: bool = False) -> Segmenter:
    """Build and fill; see :func:`samaritan.models.load_model`."""
    from samaritan.models._frame import Frame, min_max  # noqa: PLC0415
    from samaritan.models._tiny import load_tiny  # noqa: PLC0415

    return load_tiny(
        CARD,
        build_network,
        Frame(SIDE, SIDE, min_max),
        weights=weights,
        device=device,
        allow_unverified=allow_unverified,
    )


def layout() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors, in the layout of SAM checkpoints."""
    from samaritan.models._keys import published_names  # noqa: PLC0415
    from samaritan.models._weights import published_layout  # noqa: PLC0415

    return published_layout(build_network, published_names)


MODELS.add(CARD.name, ModelEntry(CARD, load, layout=layout, tags=("tiny",)))
