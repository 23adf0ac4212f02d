"""What a bake-off tells while it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Reporter(Protocol):
    """Is told what happens in a bake-off."""

    def note(self, sentence: str) -> None:
        """Something a person should read before waiting for hours."""
        ...

    def plan(self, arms: int, finished: int) -> None:
        """So many arms, of which so many are finished already."""
        ...

    def begin(self, arm: str) -> None:
        """An arm starts."""
        ...

    def event(self, event: Mapping[str, Any]) -> None:
        """Something happened in the arm: see :mod:`samaritan.bakeoff._wire`."""
        ...

    def end(self, arm: str, error: str = "") -> None:
        """The arm is over; ``error`` says why it has no result."""
        ...


class Silent:
    """Tells nobody."""

    def note(self, sentence: str) -> None:
        """Nothing."""

    def plan(self, arms: int, finished: int) -> None:
        """Nothing."""

    def begin(self, arm: str) -> None:
        """Nothing."""

    def event(self, event: Mapping[str, Any]) -> None:
        """Nothing."""

    def end(self, arm: str, error: str = "") -> None:
        """Nothing."""
