"""SAM's ViT architecture in miniature, random weights: for tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from samaritan.models._base import MODELS, ModelEntry, Segmenter, WeightCard

if TYPE_CHECKING:
    from samaritan.models._sam import SamNetwork

#: Side of the network's square, of a patch, and of the mask logits (four to a patch's side, as in SAM).
SIDE, PATCH = 128, 16
GRID = 4 * SIDE // PATCH

CARD = WeightCard(
    name="tiny-sam",
    title="Miniature of SAM ViT with random weights, for tests",
    url="",
    sha256=None,
    size=None,
    licence="Apache-2.0",
    training_data=(),
    input_size=SIDE,
    normalisation="longest side to 128, ImageNet mean and deviation, zero padding right and below",
    prompts=("box", "points", "mask"),
    paper="arXiv 2304.02643",
    parameters=92_268,
)


def build_network() -> SamNetwork:
    """The network with torch's own initial weights."""
    from transformers.models.sam.configuration_sam import SamVisionConfig  # noqa: PLC0415  listing models stays quick
    from transformers.models.sam.modeling_sam import SamVisionEncoder  # noqa: PLC0415

    from samaritan.models._sam import DecoderConfig, SamNetwork  # noqa: PLC0415

    vision = SamVisionConfig(
        hidden_size=32, output_channels=32, num_hidden_layers=2, num_attention_heads=2, mlp_dim=64,
        image_size=SIDE, patch_size=PATCH, window_size=3, global_attn_indexes=[1], num_pos_feats=16,
    )  # fmt: skip
    vision._attn_implementation = "sdpa"
    return SamNetwork(SamVisionEncoder(vision), side=SIDE, cells=SIDE // PATCH, config=DecoderConfig(32, 2, 32))


def load(weights: Path | None, device: str, *, allow_unverified: bool = False) -> Segmenter:
    """Build and fill; see :func:`samaritan.models.load_model`."""
    from samaritan.models._frame import Frame, imagenet  # noqa: PLC0415
    from samaritan.models._tiny import load_tiny  # noqa: PLC0415

    return load_tiny(
        CARD,
        build_network,
        Frame(SIDE, GRID, imagenet),
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
