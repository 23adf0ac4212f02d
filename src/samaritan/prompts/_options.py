"""The kinds of value that a strategy's options take, each read from text and written back as the same text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=str)

_NUMBER = r"\d+(?:\.\d*)?(?:e-?\d+)?|\.\d+"


def show(value: object) -> str:
    """The text of an option's value; a float as short as it can be read back exactly."""
    if isinstance(value, float):
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return str(value)


@dataclass(frozen=True)
class Span:
    """A distance, or a range of distances, in pixels (``10px``, ``10-20px``) or in sides of the box (``0.1``).

    Attributes:
        low: smallest distance.
        high: largest distance, equal to ``low`` where one number was given.
        px: True for pixels, False for a fraction of the side.
    """

    low: float
    high: float
    px: bool

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read ``0.1``, ``10px`` or ``10-20px``.

        Raises:
            ValueError: another form, or a range that runs backwards.
        """
        match = re.fullmatch(rf"({_NUMBER})(?:-({_NUMBER}))?(px)?", text)
        if match is None:
            raise ValueError("a fraction of the side such as 0.1, or pixels such as 10px or 10-20px")
        low, high = float(match[1]), float(match[2] or match[1])
        if not low <= high < math.inf:
            raise ValueError("a range that runs from small to large, such as 10-20px")
        return cls(low, high, match[3] is not None)

    def __str__(self) -> str:
        numbers = [self.low] if self.low == self.high else [self.low, self.high]
        return "-".join(map(show, numbers)) + ("px" if self.px else "")

    def pixels(self, sides: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(low, high) in pixels along (x, y), for a box whose sides are ``sides`` (x, y) pixels long."""
        unit = np.ones(2) if self.px else sides
        return self.low * unit, self.high * unit


def distance(text: str) -> Span:
    """Read one distance.

    Raises:
        ValueError: not a distance, or a range.
    """
    span = Span.parse(text)
    if span.low != span.high:
        raise ValueError("one distance such as 0.1 or 10px, not a range")
    return span


def choice(*allowed: T) -> Callable[[str], T]:
    """A parser that takes one of ``allowed``."""

    def parse(text: str) -> T:
        for value in allowed:
            if text == value:
                return value
        raise ValueError(f"one of {', '.join(allowed)}")

    return parse


def whole(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers from ``low`` to ``high``, both included."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def real(low: float, high: float) -> Callable[[str], float]:
    """A parser of real numbers from ``low`` to ``high``, both included."""

    def parse(text: str) -> float:
        match = re.fullmatch(rf"-?(?:{_NUMBER})", text)
        if match is None or not low <= float(text) <= high:
            raise ValueError(f"a number from {show(float(low))} to {show(float(high))}")
        return float(text)

    return parse


def either(*parsers: Callable[[str], object]) -> Callable[[str], object]:
    """A parser that takes what the first fitting one of ``parsers`` takes."""

    def parse(text: str) -> object:
        allowed: Sequence[str] = []
        for parser in parsers:
            try:
                return parser(text)
            except ValueError as error:
                allowed = [*allowed, str(error)]
        raise ValueError(", or ".join(allowed))

    return parse
