"""The contract of a framing, and how one is made from its text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from samaritan.core import PromptSet, Registry, UsageError, Window
from samaritan.models._base import Prediction

#: Logits of pixels outside the part that the model looked at: background, as surely as a mask hint says it.
OUTSIDE = -10.0

Shape = tuple[int, int]
Spacing = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Look:
    """What the model said to a prompt when it saw one part of the picture.

    Attributes:
        window: the part.
        answer: logits (candidate, x, y) of the size that the window is shown at, which is its own but for a stretched one.
    """

    window: Window
    answer: Prediction


class Framing(Protocol):
    """Decides, prompt by prompt, which parts of a picture are looked at, and what is made of the answers.

    The contract, tested for every registered framing:
        1. :meth:`next` depends on its arguments alone, asks for parts of the picture in which something of the prompt lies,
           and comes to an end; every prompt is looked at at least once.
        2. :meth:`fuse` gives logits and quality at the picture's size, :data:`OUTSIDE` or less where nothing was looked at.
        3. Prompts do not know of each other: each gets what it gets alone.
        4. ``name`` is a text that :func:`make_framing` makes the same framing from.
    """

    @property
    def name(self) -> str:
        """The canonical text."""
        ...

    @property
    def prompted(self) -> bool:
        """Whether what is looked at depends on the prompt, so that nothing can be encoded before there is one."""
        ...

    def next(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Sequence[Window]:
        """Parts of a picture of ``shape`` (x, y) to look at, after ``looks``; none when all has been seen."""
        ...

    def fuse(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Prediction:
        """One answer at the picture's size from all looks."""
        ...


@runtime_checkable
class Spaced(Protocol):
    """A framing that depends on the size of pixels, too."""

    def on(self, spacing: Spacing) -> Framing:
        """The same on a picture whose pixels have that size (x, y), mm."""
        ...


#: head of the text ("zoom") -> factory, called with what follows the colon, "" where there is none.
FRAMINGS: Registry[Callable[[str], Framing]] = Registry("framing", "samaritan.predict.framing")


def make_framing(text: str, spacing: Spacing | None = None) -> Framing:
    """The framing of that text: ``whole``, ``square``, ``zoom:1.5``, ``tiles:3``, ``auto``.

    Args:
        text: its name.
        spacing: size of the pixels (x, y) of the pictures it is for, mm; square where nobody says.

    Raises:
        UnknownNameError: there is no such framing.
        UsageError: it does not take what stands behind the colon.
    """
    head, _, rest = text.strip().partition(":")
    framing = FRAMINGS.get(head)(rest.strip())
    return framing.on(spacing) if spacing is not None and isinstance(framing, Spaced) else framing


def number(
    framing: str, text: str, low: float, high: float, default: float | None = None, *, whole: bool = False
) -> float:
    """What stands behind the colon, as a number between two others, both included.

    Raises:
        UsageError: it is none, or has decimals where ``whole`` forbids them.
    """
    try:
        value = float(text) if text or default is None else default
    except ValueError:
        value = math.nan
    if not low <= value <= high or (whole and value != int(value)):
        kind, example = ("whole number", 3) if whole else ("number", 1.5)
        received = f"{framing}:{text}" if text else framing
        raise UsageError(
            f"The framing {framing} takes a {kind} from {low:g} to {high:g}, as in {framing}:{example}; received {received!r}."
        )
    return value


def nothing(framing: str, text: str) -> None:
    """Refuse what stands behind the colon.

    Raises:
        UsageError: something does.
    """
    if text:
        raise UsageError(f"The framing {framing} takes nothing behind its name; received {framing + ':' + text!r}.")


def pasted(look: Look, shape: Shape) -> Prediction:
    """An answer to a part of the picture, at the size of the picture.

    Logits to be fed back are those of the picture's pixels: the network's grid knows nothing of parts.
    """
    logits = look.window.paste(look.answer.logits, shape, OUTSIDE)
    return Prediction(logits, look.answer.quality, logits.swapaxes(1, 2))
