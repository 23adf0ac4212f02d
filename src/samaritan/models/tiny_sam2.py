"""SAM 2's architecture in miniature, with its memory and random weights: for tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from samaritan.models._base import MODELS, ModelEntry, Segmenter, WeightCard

if TYPE_CHECKING:
    from samaritan.models._sam2 import Sam2Network

#: Side of the network's square, and of the mask logits.
SIDE, GRID = 128, 32

#: Added to the score of presence, so that most targets are on a slice, and some are not.
PRESENCE = 0.3

#: Times which logits are larger than those of the seeded weights: as those of trained networks, so that few pixels hang on the
#: threshold, and a rounding does not decide between the single mask and a candidate.
LOGITS = 20.0

CARD = WeightCard(
    name="tiny-sam2",
    title="Miniature of SAM 2.1 with random weights, for tests",
    url="",
    sha256=None,
    size=None,
    licence="Apache-2.0",
    training_data=(),
    input_size=SIDE,
    normalisation="stretched to 128 x 128, ImageNet mean and deviation",
    prompts=("box", "points", "mask"),
    paper="arXiv 2408.00714",
    parameters=330_042,
)


def build_network() -> Sam2Network:
    """The network with torch's own initial weights."""
    from samaritan.models._hiera import HieraConfig  # noqa: PLC0415  listing models must not import torch
    from samaritan.models._sam2 import Sam2Network  # noqa: PLC0415
    from samaritan.models._sam2_tracker import TrackerConfig  # noqa: PLC0415
    from samaritan.models._sam_network import DecoderConfig  # noqa: PLC0415

    hiera = HieraConfig(width=8, depths=(1, 1, 2, 1), windows=(8, 4, 6, 3), whole=(3,), background=3, hidden=32)
    tracker = TrackerConfig(hidden=32, memory=8, mlp=32, layers=2)
    return Sam2Network(hiera, SIDE, DecoderConfig(32, 2, 32), tracker)


def load(weights: Path | None, device: str, *, allow_unverified: bool = False) -> Segmenter:
    """Build and fill; see :func:`samaritan.models.load_model`."""
    import torch  # noqa: PLC0415

    from samaritan.models._sam2 import Sam2Segmenter, frame_of  # noqa: PLC0415
    from samaritan.models._sam2_keys import fill  # noqa: PLC0415
    from samaritan.models._tiny import load_tiny  # noqa: PLC0415

    segmenter = load_tiny(
        CARD,
        build_network,
        frame_of(SIDE),
        weights=weights,
        device=device,
        allow_unverified=allow_unverified,
        segmenter=Sam2Segmenter,
        fill=fill,
    )
    if weights is None:
        with torch.no_grad():
            for name, parameter in segmenter.network.named_parameters():
                if "output_hypernetworks_mlps" in name and "proj_out" in name:
                    parameter.mul_(LOGITS)
            segmenter.network.get_parameter("tracker.pred_obj_score_head.proj_out.bias").add_(PRESENCE)
    return segmenter


MODELS.add(CARD.name, ModelEntry(CARD, load, tags=("tiny",)))
