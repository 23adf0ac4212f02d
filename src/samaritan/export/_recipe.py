"""What a program must know to use the graphs: from a picture to the network's square, and from logits to a mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from importlib import metadata
from typing import Any

import torch

from samaritan.adapt import METHODS, AdapterCard, base_sha256
from samaritan.core import ModelError
from samaritan.core.intensity import PERCENTILES, Intensity
from samaritan.core.intensity import parse as parse_intensity
from samaritan.export._graphs import ENDINGS, LABELS, Target
from samaritan.models._frame import IMAGENET_DEVIATION, IMAGENET_MEAN, Interpolation, imagenet, min_max
from samaritan.models._sam import SamSegmenter
from samaritan.models._sam_network import SamNetwork
from samaritan.predict.runtimes._graph import OPSET

#: Version of the recipe's layout.
VERSION = 2

#: What comes before logits are resized to the picture, where the picture did not fill the square.
CUT = (
    "resize the logits to {side} x {side}, linear between centres, never smoothed",
    "keep the upper left part that the picture filled",
)

_NORMALISATIONS: dict[Callable[..., Any], dict[str, Any]] = {
    min_max: {"kind": "min-max", "of": "the resized picture, all channels together", "least": 1e-8},
    imagenet: {"kind": "mean-deviation", "mean": list(IMAGENET_MEAN), "deviation": list(IMAGENET_DEVIATION)},
}

#: Interpolation -> what a person must do.
_RESIZED: dict[Interpolation, str] = {
    "linear": "linear between centres of pixels, smoothed (antialias) where it shrinks",
    "cubic": "Keys' kernel with a = -0.5 between centres of pixels, smoothed (antialias) where it shrinks, then clipped",
    "nearest": "pixel floor(i * old / new) of each axis",
}


def recipe_of(segmenter: SamSegmenter, to: Target, adapter: AdapterCard | None) -> dict[str, Any]:
    """The content of recipe.json.

    Raises:
        ModelError: the model's normalisation has no description here.
    """
    frame, card = segmenter.frame, segmenter.card
    if frame.normalise not in _NORMALISATIONS:
        raise ModelError(
            f"The normalisation of {segmenter.name} has no description in a recipe; add one to export/_recipe.py."
        )
    network, side = segmenter.network, frame.side
    cells = (1, network.channels, network.cells, network.cells)
    return {
        "recipe": VERSION,
        "to": to,
        "model": {
            "name": segmenter.name, "title": card.title, "paper": card.paper, "licence": card.licence,
            "base_sha256": adapter.header.base_sha256 if adapter else base_sha256(segmenter),
        },
        "adapter": _adapter(adapter),
        "labels": list(adapter.header.labels) if adapter else [],
        "prompts": list((adapter.header.prompts if adapter else ()) or card.prompts),
        "plane": adapter.plane if adapter else "auto",
        "intensity": _intensity(adapter.intensity if adapter else None),
        "picture": {
            "side": side,
            "keep_aspect": frame.keep_aspect,
            "size": "each side n becomes max(1, floor(n * side / longest + 0.5))" if frame.keep_aspect else "side x side",
            "interpolation": frame.interpolation,
            "resize": _RESIZED[frame.interpolation],
            "normalise": _NORMALISATIONS[frame.normalise],
            "pad": "zeros at the right and below, after normalising",
        },
        "positions": {
            "unit": "pixels, the centre of the first at 0, x before y; both corners of a box lie inside",
            "ratio": "size in the square over size of the picture, of each axis",
            "lower corner": "position * ratio",
            "upper corner": "position * ratio + max(ratio - 1, 0)",
            "point": "position * ratio + max(ratio - 1, 0) / 2",
        },
        "encoder": {"file": f"encoder{ENDINGS[to]}", "pixels": [1, 3, side, side], "features": list(cells)},
        "decoder": {
            "file": f"decoder{ENDINGS[to]}", "features": list(cells), "points": ["n", "k", 2], "labels": ["n", "k"],
            "logits": ["n", 1, frame.grid, frame.grid], "quality": ["n", 1], "labels mean": _labels(network),
            "boxes end with no point": _ends(network),
        },
        "mask": {
            "grid": frame.grid,
            "steps": [
                *([step.format(side=side) for step in CUT] if frame.keep_aspect else []),
                "resize it to the picture, linear between centres, never smoothed",
                "the mask is where it is above 0",
            ],
        },
        "precision": "float32; with OpenVINO set INFERENCE_PRECISION_HINT to f32, or some processors compute in bf16",
        "versions": {"samaritan": metadata.version("samaritan"), "torch": torch.__version__, "opset": OPSET},
    }  # fmt: skip


def _labels(network: SamNetwork) -> dict[str, str]:
    return LABELS | ({"-1": "no point: exactly one at (0, 0), behind all others"} if _ends(network) else {})


def _ends(network: SamNetwork) -> bool:
    """Whether questions with a box end with a place that is no point."""
    return network.prompt_encoder.filling(None, torch.zeros(1, 1, 4)) is not None


def _adapter(adapter: AdapterCard | None) -> dict[str, Any] | None:
    if adapter is None:
        return None
    header = adapter.header
    return {
        "name": adapter.name, "method": header.method, "sha256": adapter.sha256, "licence": header.licence,
        "folded": METHODS.get(header.method).card.folds,
    }  # fmt: skip


def _intensity(policy: str | None) -> dict[str, Any]:
    """How grey and colour values become 0..255, each with kind, low and high."""
    own = None if policy is None else asdict(parse_intensity(policy))
    return {
        "policy": policy or "by modality: a window for CT, as it is for colour, percentiles for all others",
        "meaning": "low becomes 0 and high 255, values beyond them too; percentiles are of the non-zero values of the volume",
        "grey": own or asdict(Intensity("percentile", *PERCENTILES)),
        "CT in Hounsfield units": own or asdict(parse_intensity("ct:soft-tissue")),
        "colour": own or asdict(Intensity("asis")),
    }
