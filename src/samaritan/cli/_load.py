"""The one model that a verb runs, with what is known about its adapter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from samaritan.models import Segmenter


def load_segmenter(model: str | None, adapter: Path | None, **options: Any) -> tuple[Segmenter, dict[str, Any]]:
    """The model, adapted where an adapter is given, and the adapter's summary.

    Args:
        model: its name; None takes litemedsam, or the adapter's base.
        adapter: what ``samaritan adapt`` wrote.
        options: of :func:`samaritan.models.load_model`.

    Raises:
        SamaritanError: as :func:`samaritan.models.load_model` and :func:`samaritan.adapt.load_adapted`.
    """
    if adapter is None:
        from samaritan.models import load_model

        return load_model(model or "litemedsam", **options), {}
    from samaritan.adapt import AdapterCard, load_adapted

    about = AdapterCard.read(adapter).summary()
    return load_adapted(model, adapter, **options)[0], about
