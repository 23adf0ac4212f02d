"""Names of targets: from what a question says to what a method was taught."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from samaritan.core import PromptError, UsageError


def check_labels(labels: Sequence[str], method: str) -> tuple[str, ...]:
    """The names that a method is taught, as they are.

    Raises:
        UsageError: there are none, or one comes twice.
    """
    if not labels:
        raise UsageError(f"{method} learns targets by name; say which with labels=(...).")
    twice = sorted({name for name in labels if list(labels).count(name) > 1})
    if twice:
        raise UsageError(f"{method} learns each target once; {', '.join(map(repr, twice))} comes several times.")
    return tuple(labels)


def name_of(text: str | None, labels: Sequence[str]) -> str:
    """The target's name; a question without one means the only target where there is only one.

    Raises:
        PromptError: there is no name, and not exactly one target.
    """
    if text is not None:
        return text
    if len(labels) == 1:
        return labels[0]
    known = f"; it knows {_listed(labels)}" if labels else ""
    raise PromptError(f"This adapter asks for targets by name, and the prompt names none{known}.")


def indices_of(texts: Sequence[str | None], labels: Sequence[str]) -> list[int]:
    """For each question, the number of its target in ``labels``.

    Raises:
        PromptError: a name is unknown, or missing where there are several targets.
    """
    numbers = {name: number for number, name in enumerate(labels)}
    found = [name_of(text, labels) for text in texts]
    for name in found:
        if name not in numbers:
            near = difflib.get_close_matches(name, labels, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise PromptError(f"This adapter has not learned {name!r}, only {_listed(labels)}{hint}")
    return [numbers[name] for name in found]


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(map(repr, labels))
