"""Promptable models: the contract, the registry, and loading by name.

Importing this room imports no torch; that happens when a model is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from samaritan.core import ModelError, ResourceError, UsageError
from samaritan.models._base import (
    MODELS,
    Embedding,
    Memory,
    ModelEntry,
    Prediction,
    Segmenter,
    Track,
    TrackingSegmenter,
    WeightCard,
)

__all__ = [
    "MODELS",
    "Embedding",
    "Memory",
    "ModelEntry",
    "Prediction",
    "Segmenter",
    "Track",
    "TrackingSegmenter",
    "WeightCard",
    "load_model",
    "pull",
]


def load_model(
    name: str, *, weights: Path | str | None = None, device: str = "cpu", allow_unverified: bool = False
) -> Segmenter:
    """A model by name, ready to encode and decode.

    Args:
        name: in :data:`MODELS`, e.g. "litemedsam"; "sam-vit-b@512" runs it at another input side.
        weights: a file to take instead of what the cache or an installed package holds.
        device: as torch names it ("cpu", "cuda", "cuda:1", "mps").
        allow_unverified: take ``weights`` although it is not the published file.

    Raises:
        UnknownNameError: no such model; the nearest names are in the message.
        UsageError: ``device`` is not the name of one.
        ResourceError: this machine has no such device.
        ModelError: weights are missing, damaged, of another model or not verified.
    """
    entry = MODELS.get(name)
    _check_device(device)
    path = None if weights is None else Path(weights)
    return entry.load(path, device, allow_unverified=allow_unverified)


def pull(
    name: str, *, file: Path | str | None = None, progress: Callable[[int, int | None], None] | None = None
) -> Path:
    """Fetch a model's published weights into the cache, unless this machine has them.

    Args:
        name: in :data:`MODELS`.
        file: a file that a person got, to be taken instead of a download. Where its authors publish no checksum, its
            tensors must be those of the model, and the person vouches for it.
        progress: ``progress(bytes there, bytes in all or None)``, told during a download.

    Returns:
        Path of the verified file.

    Raises:
        UnknownNameError: no such model.
        ModelError: the model's weights cannot be fetched, or what came is not the published file.
        ResourceError: the cache cannot be written.
    """
    entry = MODELS.get(name)
    if entry.source is None:
        raise ModelError(f"The weights of {name} cannot be fetched; it needs none, they are made by code.")
    from samaritan.models._pull import adopt_weights, pull_weights  # noqa: PLC0415  listing models stays quick

    if file is None:
        return pull_weights(entry.source, progress)
    return adopt_weights(entry.source, Path(file), lambda path: _check_tensors(name, path))


def _check_tensors(name: str, path: Path) -> None:
    from samaritan.models._recognise import check_layout  # noqa: PLC0415

    check_layout(MODELS.get(name), path)


def _check_device(device: str) -> None:
    import torch  # noqa: PLC0415  listing models must not import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        if device.partition(":")[0] in ("cuda", "mps", "xpu"):
            raise ResourceError(f"This machine has no device {device!r} that torch can use; use cpu.") from error
        raise UsageError(f"There is no device {device!r}; use cpu, cuda, cuda:1 or mps.") from error
