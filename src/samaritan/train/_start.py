"""Going on from an adapter instead of from the base."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from samaritan.adapt import Adaptation
from samaritan.adapt._file import AdapterFile
from samaritan.core import ModelError


def labels_after(file: AdapterFile, labels: Sequence[str]) -> tuple[str, ...]:
    """The targets of an adapter, and behind them those of ``labels`` that are new."""
    return (*file.header.labels, *(name for name in labels if name not in file.header.labels))


def take_over(adapted: Adaptation, file: AdapterFile, digest: str) -> None:
    """Fill in what an adapter has learned.

    Where a tensor has a row for each target, rows of targets that the adapter does not know stay as they are.

    Args:
        adapted: as attached, with :func:`labels_after` as its targets.
        file: the adapter.
        digest: hash of the base's weights.

    Raises:
        ModelError: it is of another method, has other settings, or belongs to other weights.
    """
    header, wanted = file.header, (adapted.method.card.name, adapted.config.model_dump(mode="json"))
    if (header.method, header.settings) != wanted:
        raise ModelError(
            f"Training cannot go on from this adapter: it is {header.method} with {header.settings}, and {wanted[0]} with "
            f"{wanted[1]} was asked for; use the same, or start without it."
        )
    if header.base_sha256 != digest:
        raise ModelError(
            "Training cannot go on from this adapter: it belongs to another base; take the one it was made for."
        )
    own = adapted.state(training=False)
    adapted.load_state({name: _rows(own.get(name), tensor) for name, tensor in file.state.items()}, training=False)


def _rows(own: Tensor | None, stored: Tensor) -> Tensor:
    if own is None or own.shape[1:] != stored.shape[1:] or not own.ndim or len(own) <= len(stored):
        return stored
    grown = own.clone()
    grown[: len(stored)] = stored
    return grown
