"""``head[:value...][:key=value[,key=value...]]``: from the text of a prompt to its strategy."""

from __future__ import annotations

from typing import cast, get_args

from samaritan.core import UsageError
from samaritan.prompts._base import PROMPTS, Candidates, PromptStrategy
from samaritan.prompts._strategy import VolumeStrategy

#: A word that says by itself which candidate counts: ``mazurowski:3:oracle``.
CANDIDATES = get_args(Candidates)


def make_prompt(text: str) -> PromptStrategy:
    """The strategy of that name that asks about one picture, such as ``box:margin=0.1``, ``points:5+5`` or ``huang:S6``.

    Raises:
        UnknownNameError: no strategy is called so; the message has the nearest names.
        UsageError: the form is wrong, an option does not exist or does not fit, or the strategy asks about a volume.
    """
    made = make_strategy(text)
    if isinstance(made, VolumeStrategy):
        raise UsageError(
            f"The prompt {text!r} asks about a whole volume, and here every picture is asked about by itself; use box, "
            "point or another one of those, or give it to samaritan benchmark."
        )
    return made


def make_strategy(text: str) -> PromptStrategy | VolumeStrategy:
    """The strategy of that name, about one picture or about a volume (``centre-box``, ``clicks3d:5``).

    The strategy's ``name`` is the canonical form of ``text``: ``make_strategy(strategy.name)`` gives it again.

    Raises:
        UnknownNameError: no strategy is called so; the message has the nearest names.
        UsageError: the form is wrong, or an option does not exist or does not fit.
    """
    head, *parts = text.strip().split(":")
    positional: list[str] = []
    options: dict[str, str] = {}
    for piece in (piece.strip() for part in parts for piece in part.split(",")):
        key, equals, value = (word.strip() for word in piece.partition("="))
        if not key or (equals and not value):
            raise UsageError(f"The prompt {text!r} has an empty part; write head:value:key=value,key=value.")
        if not equals and key in CANDIDATES:
            key, equals, value = "candidates", "=", key
        if key in options:
            raise UsageError(f"The prompt {text!r} says {key} twice; say it once.")
        if equals:
            options[key] = value
        else:
            positional.append(key)
    return cast(PromptStrategy | VolumeStrategy, PROMPTS.get(head)(positional, options))
