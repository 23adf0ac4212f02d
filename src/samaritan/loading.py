"""The one model that a verb or the annotator runs, with its adapter and what is known about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from samaritan.adapt import Adaptation
    from samaritan.models import Segmenter

#: The model where nobody names one.
DEFAULT = "litemedsam"


class Loaded(NamedTuple):
    """A model that is ready to encode and decode.

    Attributes:
        segmenter: the model, adapted where an adapter was given.
        about: the adapter's summary; empty without one.
        adaptation: what was attached; None without an adapter.
    """

    segmenter: Segmenter
    about: dict[str, Any]
    adaptation: Adaptation | None = None


def load_segmenter(model: str | None, adapter: Path | None, **options: Any) -> Loaded:
    """The model, adapted where an adapter is given.

    Args:
        model: its name; None takes litemedsam, or the adapter's base.
        adapter: what ``samaritan adapt`` wrote.
        options: of :func:`samaritan.models.load_model`.

    Raises:
        SamaritanError: as :func:`samaritan.models.load_model` and :func:`samaritan.adapt.load_adapted`.
    """
    if adapter is None:
        from samaritan.models import load_model  # noqa: PLC0415  the room of adapters takes seconds, and nobody asked for one

        return Loaded(load_model(model or DEFAULT, **options), {})
    from samaritan.adapt import AdapterCard, load_adapted  # noqa: PLC0415

    about = AdapterCard.read(adapter).summary()
    segmenter, adaptation = load_adapted(model, adapter, **options)
    return Loaded(segmenter, about, adaptation)
