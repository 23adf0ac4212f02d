"""Promptable models: the contract, the registry, and loading by name.

Importing this room imports no torch; that happens when a model is loaded.
"""

from __future__ import annotations

from pathlib import Path

from samaritan.models._base import MODELS, Embedding, ModelEntry, Prediction, Segmenter, WeightCard

__all__ = ["MODELS", "Embedding", "ModelEntry", "Prediction", "Segmenter", "WeightCard", "load_model"]


def load_model(
    name: str, *, weights: Path | str | None = None, device: str = "cpu", allow_unverified: bool = False
) -> Segmenter:
    """A model by name, ready to encode and decode.

    Args:
        name: in :data:`MODELS`, e.g. "litemedsam".
        weights: a file to take instead of what the cache or an installed package holds.
        device: as torch names it ("cpu", "cuda", "cuda:1", "mps").
        allow_unverified: take ``weights`` although it is not the published file.

    Raises:
        UnknownNameError: no such model; the nearest names are in the message.
        ModelError: weights are missing, damaged, of another model or not verified.
    """
    entry = MODELS.get(name)
    path = None if weights is None else Path(weights)
    return entry.load(path, device, allow_unverified=allow_unverified)
