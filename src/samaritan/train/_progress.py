"""What a training run tells while it goes on."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Is told what happens; a progress bar, or nothing."""

    def note(self, sentence: str) -> None:
        """Something a person should read (what is trained, how many parameters, a forecast)."""
        ...

    def step(self, number: int, done: float, loss: float, dice: float | None, minutes_left: float | None) -> None:
        """A step is over.

        Args:
            number: of the step.
            done: share of the run, 0..1.
            loss: of the step.
            dice: last validation Dice, None before the first.
            minutes_left: as far as known.
        """
        ...


class Silent:
    """Says nothing."""

    def note(self, sentence: str) -> None:
        """Nothing."""

    def step(self, number: int, done: float, loss: float, dice: float | None, minutes_left: float | None) -> None:
        """Nothing."""
