"""What makes masks in a run: a model as it is, or one with an adapter attached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from samaritan.adapt import AdapterCard
from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._folder import Unit
from samaritan.benchmark._row import UNADAPTED
from samaritan.core import Plane, UsageError
from samaritan.datasets import Case
from samaritan.models._base import Segmenter


@dataclass(frozen=True)
class Arm:
    """A model with or without an adaptation; each has a network of its own.

    Attributes:
        model: name of the model.
        segmenter: the model, adapted where ``card`` is given.
        card: of the adapter, or None.
    """

    model: str
    segmenter: Segmenter
    card: AdapterCard | None = None

    @property
    def adaptation(self) -> str:
        """Name of the adaptation, as rows have it."""
        return UNADAPTED if self.card is None else self.card.name

    def unit(self, case: Case) -> Unit:
        """What is measured in one go: the case under this arm."""
        return case.dataset, case.case_id, self.model, self.adaptation

    def fingerprint(self, case_print: str | None) -> str | None:
        """Hash of a case's files, and of the adapter's: a unit is done only where both are as they were."""
        return case_print if case_print is None or self.card is None else f"{case_print} {self.card.sha256}"

    def plane(self, config: RunConfig) -> Plane:
        """In which plane it sees volumes: what the settings say, else what the adapter was trained with."""
        return config.plane if config.plane != "auto" or self.card is None else self.card.plane

    def intensity(self, config: RunConfig, case: Case) -> str | None:
        """How grey values are prepared: as the settings say, else as the adapter was trained, else as the data ask for."""
        return config.intensity or (self.card and self.card.intensity) or case.intensity


def read_cards(config: RunConfig) -> list[AdapterCard]:
    """The adapters that the settings name.

    Raises:
        InputError: there is no such file.
        FormatError: a file is damaged.
        UsageError: two have one name, or the model of one is not in the run.
    """
    cards = [AdapterCard.read(path) for path in config.adaptations]
    _check_names(cards)
    for card in cards:
        if card.header.base not in config.models:
            raise UsageError(
                f"{card.path} adapts {card.header.base}, which is not among the models ({', '.join(config.models)}); add "
                f"-m {card.header.base}."
            )
    return cards


def _check_names(cards: Sequence[AdapterCard]) -> None:
    seen: dict[str, Path] = {}
    for card in cards:
        if card.name in ("", UNADAPTED):
            raise UsageError(f"{card.path} cannot be called {card.name!r}, which stands for no adapter; rename it.")
        if card.name in seen:
            raise UsageError(f"{seen[card.name]} and {card.path} are both called {card.name!r}; rename one.")
        seen[card.name] = card.path
